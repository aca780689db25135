package sweeps

import (
	"path/filepath"
	"slices"
	"testing"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/ner"
	"nerbench/results"
)

// TestMeans: means are over the same datasets, and datasets without gold are in none.
func TestMeans(t *testing.T) {
	store, err := results.Open(t.Context(), filepath.Join(t.TempDir(), "results.db"), results.Create)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var ds []*datasets.Dataset
	for _, id := range []string{"a", "b", "c"} {
		ds = append(ds, &datasets.Dataset{ID: id})
	}
	gold := ner.Score{TP: 1, NPred: 2, NGold: 2}
	plan := &Prepared{Sweep: &Sweep{Name: "s", Metrics: []string{"span_f1"}}, varied: []string{"seed"}, datasets: ds}
	for i, counts := range []map[string]ner.Score{
		{"a": gold, "b": gold, "c": {NPred: 1}},
		{"a": gold, "c": {NPred: 1}}, // b was not run
		{"a": gold, "b": {NPred: 2, NGold: 2}, "c": {}},
	} {
		keys := map[string]string{"seed": string(rune('0' + i))}
		point := preparedPoint{Point: Point{Keys: keys, Baseline: i == 0}, metrics: plan.Sweep.Metrics, runs: map[string][]*run{}}
		for _, dataset := range ds {
			r := &run{Prepared: &harness.Prepared{Dataset: dataset}, name: dataset.ID + keys["seed"]}
			if s, ran := counts[dataset.ID]; ran {
				r.id = keepCounts(t, store, ner.Run{Keys: map[string]string{"model": "m", "dataset": dataset.ID, "seed": keys["seed"]}}, s)
			}
			point.runs[dataset.ID] = []*run{r}
		}
		plan.points = append(plan.points, point)
	}
	got, err := newCounter(&harness.Bench{}, store, Options{}).result(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		mean, difference string
	}{{"50.0 (2/3)", "baseline"}, {"– (1/3)", "–"}, {"25.0 (2/3)", "-25.0"}}
	for i, l := range got.Lines {
		if l.meanText() != want[i].mean || l.differenceText() != want[i].difference {
			t.Errorf("line %d: mean %s, difference %s, want %s, %s", i, l.meanText(), l.differenceText(), want[i].mean, want[i].difference)
		}
	}
	for _, note := range []string{"b1: not run", "c: no gold: omitted from the means"} {
		if !slices.Contains(got.Notes, note) {
			t.Errorf("no note %q in %q", note, got.Notes)
		}
	}
}

// keepCounts keeps a run of one passage with its counts by span_f1.
func keepCounts(t *testing.T, store *results.Store, run ner.Run, s ner.Score) string {
	t.Helper()
	if err := store.Begin(t.Context(), run, 1); err != nil {
		t.Fatal(err)
	}
	if err := store.Record(t.Context(), run.ID(), []ner.Passage{{Document: "d"}}, nil); err != nil {
		t.Fatal(err)
	}
	scores := results.Scores{Passages: 1, Metrics: map[string]results.MetricScore{
		"span_f1": {Total: s, Passages: []ner.Score{s}, Reader: "1", Version: "1"},
	}}
	if err := store.SaveScores(t.Context(), run.ID(), scores); err != nil {
		t.Fatal(err)
	}
	return run.ID()
}
