package sweeps

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/ner"
	"nerbench/results"
)

// TestParts: an incomplete run has its value with a mark and is in no mean, a run
// without an answer has a dash, and a run with a limit has a mark.
func TestParts(t *testing.T) {
	store, err := results.Open(t.Context(), filepath.Join(t.TempDir(), "results.db"), results.Create)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	half := ner.Score{TP: 1, NPred: 2, NGold: 2}
	ds := []*datasets.Dataset{{ID: "a"}, {ID: "b"}}
	plan := &Prepared{Sweep: &Sweep{Name: "s", Metrics: []string{"span_f1"}}, varied: []string{"seed"}, datasets: ds}
	for i, complete := range []map[string]int{{"a": 8, "b": 8}, {"a": 8, "b": 3}, {"a": 8, "b": 0}} {
		keys := map[string]string{"seed": string(rune('1' + i))}
		point := preparedPoint{Point: Point{Keys: keys, Baseline: i == 0}, metrics: plan.Sweep.Metrics, runs: map[string][]*run{}}
		for _, d := range ds {
			of := ner.Run{Keys: map[string]string{"model": "m", "dataset": d.ID, "seed": keys["seed"]}}
			if d.ID == "a" {
				of.Keys["limit"] = "8"
			}
			id := keepPassages(t, store, of, half, complete[d.ID], 8)
			point.runs[d.ID] = []*run{{Prepared: &harness.Prepared{Dataset: d}, name: d.ID + keys["seed"], id: id}}
		}
		plan.points = append(plan.points, point)
	}
	got, err := newCounter(&harness.Bench{}, store, Options{}).result(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	x := got.Exhibit()
	if err := x.Write(&text, "text"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"50.0 (a) 50.0 50.0 (b)", "50.0 (a) 50.0 (c) – (1/2) (b)", "50.0 (a) – (d) – (1/2) (b)"} {
		line := strings.Fields(strings.Split(text.String(), "\n")[i+4])
		if found := strings.Join(line[1:min(len(line), 1+len(strings.Fields(want)))], " "); found != want {
			t.Errorf("point %d has %q, want %q", i, found, want)
		}
	}
	for _, note := range []string{"(a) first 8 passages", "(b) a: first 8 passages", "(c) incomplete: 3 of 8 passages", "(d) incomplete: 0 of 8 passages"} {
		if !slices.Contains(strings.Split(text.String(), "\n"), note) {
			t.Errorf("no note %q in\n%s", note, text.String())
		}
	}
	if l := got.Lines[1]; l.Used != 1 || l.Remarks["b"] != "incomplete: 3 of 8 passages" || l.Datasets["b"] == nil {
		t.Errorf("the incomplete run: %+v", l)
	}
	if l := got.Lines[2]; l.Datasets["b"] != nil {
		t.Errorf("the run without an answer has the value %v", *l.Datasets["b"])
	}
}

// keepPassages keeps a run with equal counts of its complete passages, scored on demand.
func keepPassages(t *testing.T, store *results.Store, run ner.Run, s ner.Score, complete, passages int) string {
	t.Helper()
	if err := store.Begin(t.Context(), run, passages); err != nil {
		t.Fatal(err)
	}
	m := results.MetricScore{Reader: "1", Version: "1"}
	var list []ner.Passage
	for i := range complete {
		list = append(list, ner.Passage{Index: i, Document: string(rune('a' + i))})
		m.Passages, m.Total = append(m.Passages, s), m.Total.Add(s)
	}
	if err := store.Record(t.Context(), run.ID(), list, nil); err != nil {
		t.Fatal(err)
	}
	scores := results.Scores{Passages: complete, Metrics: map[string]results.MetricScore{"span_f1": m}}
	if err := store.SaveScores(t.Context(), run.ID(), scores); err != nil {
		t.Fatal(err)
	}
	return run.ID()
}
