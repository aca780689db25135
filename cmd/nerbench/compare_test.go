package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/harness"
	"nerbench/harness/compare"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/results"
)

type comparisonReport = compare.Report

// TestCompareRuns: two runs on the same passages, one of which knows places,
// too.
func TestCompareRuns(t *testing.T) {
	w := newWorkplace(t, 40, 0)
	ask := append(asking, "results.db")
	if code, out := w.run(ask...); code != 0 {
		t.Fatalf("first run: exit code %d\n%s", code, out)
	}
	w.fake.Change(func(prompt string) string {
		_, text, _ := strings.Cut(prompt, "Text: ")
		words := strings.Fields(text)
		if strings.Contains(prompt, "location") {
			return fmt.Sprintf(" [%q]", words[2])
		}
		return fmt.Sprintf(" [%q]", words[0])
	})
	if code, out := w.run(append(ask, "--set", "temperature=0.5")...); code != 0 {
		t.Fatalf("second run: exit code %d\n%s", code, out)
	}
	compare := func(args ...string) (int, string) {
		return w.run(append([]string{"compare", "--store", "results.db"}, args...)...)
	}

	code, out := compare("temperature=0.5", "temperature=0", "--json")
	if code != 0 {
		t.Fatalf("compare: exit code %d\n%s", code, out)
	}
	var got comparisonReport
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(got.Datasets) != 1 || got.Datasets[0].Dataset != "mini" || got.Passages != 40 || got.Difference != 0.5 || got.Exact {
		t.Errorf("comparison is %s", out)
	}
	if got.Flips == nil || got.Flips.OnlyA != 40 || got.Flips.OnlyB != 0 || got.P != 0.0001 || got.PAdjusted != 0.0001 {
		t.Errorf("flips %+v, p %v", got.Flips, got.P)
	}
	if places := got.Datasets[0].ByType["location"]; places.Difference != *places.A.F1-*places.B.F1 || places.A.TP != 40 {
		t.Errorf("by type: %+v", got.Datasets[0].ByType)
	}
	if f := got.Datasets[0].Flipped; len(f) != 10 || f[0].Found != "a" || f[0].Text != "Town0" || *f[0].Start == 0 {
		t.Errorf("flips are %+v", f)
	}

	for _, tc := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"text", []string{"temperature=0.5", "temperature=0", "--flips", "2", "--by", "type,bucket:eLen"}, 0, "flips: only A found 40 gold entities, only B 0"},
		{"regression", []string{"temperature=0.5", "temperature=0", "--fail-on-regression"}, exitError, "B is significantly lower than A: mini by +50.0"},
		{"allowed regression", []string{"temperature=0.5", "temperature=0", "--fail-on-regression", "--margin", "60"}, 0, "A − B"},
		{"progress is no regression", []string{"temperature=0", "temperature=0.5", "--fail-on-regression"}, 0, "-50.0"},
		{"itself", []string{"temperature=0", "temperature=0", "--fail-on-regression"}, 0, "1.0000"},
		{"two runs of a dataset", []string{"ollama/tiny", "temperature=0"}, exitError, "two runs on dataset mini"},
		{"which differ", []string{"ollama/tiny", "temperature=0"}, exitError, "which differ in temperature"},
		{"commands to copy", []string{"ollama/tiny", "temperature=0", "--ci", "0"}, exitError,
			"copy one of these commands:\n  nerbench --store results.db compare --ci 0 model=ollama/tiny,temperature=0 temperature=0\n  nerbench --store results.db compare --ci 0 model=ollama/tiny,temperature=0.5 temperature=0\n"},
		{"commands for both sides", []string{"ollama/tiny", "ollama/tiny", "-q"}, exitError,
			"copy one of these commands:\n  nerbench --store results.db -q compare model=ollama/tiny,temperature=0 model=ollama/tiny,temperature=0.5\n"},
		{"a proposed command", []string{"model=ollama/tiny,temperature=0.5", "temperature=0", "--ci", "0"}, 0, "+50.0"},
		{"their models", []string{"ollama/tini", "temperature=0"}, exitError, "their models are ollama/tiny"},
		{"no such run", []string{"nosuch", "temperature=0"}, exitError, "nosuch"},
		{"no such metric", []string{"temperature=0", "temperature=0.5", "--metric", "f1"}, exitUsage, "unknown"},
		{"one side", []string{"temperature=0"}, exitUsage, "want two runs"},
		{"few resamples", []string{"temperature=0", "temperature=0.5", "--ci", "5"}, exitUsage, "at least 1000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if code, out := compare(tc.args...); code != tc.code || !strings.Contains(out, tc.want) {
				t.Errorf("exit code %d, want %d and %q\n%s", code, tc.code, tc.want, out)
			}
		})
	}

	t.Run("a signature of other counts", func(t *testing.T) {
		_, out := w.run("runs", "list", "--store", "results.db", "--json")
		var runs []struct{ ID string }
		if err := json.Unmarshal([]byte(out), &runs); err != nil {
			t.Fatal(err)
		}
		_, out = w.run("runs", "show", runs[0].ID, "--store", "results.db", "--json")
		var shown struct{ Signatures map[string]string }
		if err := json.Unmarshal([]byte(out), &shown); err != nil {
			t.Fatal(err)
		}
		right := shown.Signatures["span_f1"]
		if code, out := w.run("reproduce", right, "--store", "results.db"); code != 0 || !strings.Contains(out, "equal") {
			t.Errorf("exit code %d\n%s", code, out)
		}
		wrong := strings.Replace(right, "counts:", "counts:1", 1)
		code, out := w.run("reproduce", wrong, "--store", "results.db")
		if code != exitError || !strings.Contains(out, "different: tp ") || !strings.Contains(out, ", was tp 1") {
			t.Errorf("exit code %d\n%s", code, out)
		}
	})

	t.Run("fewer passages", func(t *testing.T) {
		if code, out := w.run(append(ask, "--set", "temperature=0.5", "--limit", "10")...); code != 0 {
			t.Fatalf("exit code %d\n%s", code, out)
		}
		code, out := compare("limit=10", "temperature=0")
		for _, want := range []string{
			"dataset mini: compared on the 10 passages that both have completed (A has 10 of 10, B 40 of 40)", "mini        10  100.0  50.0", "10 of 40 passages are complete in both",
		} {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("exit code %d, want %q in\n%s", code, want, out)
			}
		}
	})
	t.Run("another part", func(t *testing.T) {
		addFormerShard(t, filepath.Join(w.dir, "results.db"), "0.5", ner.Shard{Index: 2, Of: 4})
		if code, out := w.run("score", "--all", "--store", "results.db", "--datasets", "datasets", "--data", "data"); code != 0 {
			t.Fatalf("exit code %d\n%s", code, out)
		}
		code, out := compare("shard=2/4", "temperature=0", "--json", "-q")
		var got comparisonReport
		if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil {
			t.Fatalf("exit code %d, %v\n%s", code, err, out)
		}
		if got.Passages != 10 || got.Flips.OnlyA != 10 || len(got.Datasets[0].Flipped) != 10 {
			t.Errorf("comparison is %s", out)
		}
		for _, f := range got.Datasets[0].Flipped { // of each fourth passage, the second
			var index int
			if _, err := fmt.Sscanf(f.Document, "mini/test/%d", &index); err != nil || index%4 != 1 {
				t.Errorf("flip of document %s, %v", f.Document, err)
			}
		}
	})
	t.Run("formats", func(t *testing.T) {
		for format, want := range map[string][]string{
			"md":    {"| mini | 40 | 100.0 | 50.0 | +50.0 |", "- A: temperature=0.5,limit=,shard=, B: temperature=0", "| location | 40 |", "wrong predictions by A only: 0, by B only: 40"},
			"csv":   {"kind,dataset,name,passages,gold,a_f1,b_f1,difference,", "dataset,mini,,40,80,1,0.5,0.5,", "type,mini,location,40,40,1,0,1,"},
			"latex": {`\begin{tabular}`, `mini & 40 & 100.0 & 50.0 & +50.0 &`, `A: temperature`},
			"json":  {`"spurious_only_b": 40`, `"flipped_spurious"`, `"spurious": "b"`},
		} {
			code, out := compare("temperature=0.5,limit=,shard=", "temperature=0", "-q", "--format", format)
			for _, want := range want {
				if code != 0 || !strings.Contains(out, want) {
					t.Errorf("%s: exit code %d, want %q in\n%s", format, code, want, out)
				}
			}
		}
		if code, out := compare("temperature=0.5,limit=,shard=", "temperature=0", "--format", "html"); code != exitUsage || !strings.Contains(out, "known: text, md, csv, latex, json") {
			t.Errorf("exit code %d\n%s", code, out)
		}
	})
	t.Run("other passages", func(t *testing.T) {
		before, err := os.ReadFile(filepath.Join(w.dir, "data/mini/test.tsv"))
		if err != nil {
			t.Fatal(err)
		}
		w.write("data/mini/test.tsv", string(before)+"Nobody\tO\n\n")
		if code, out := w.run(append(ask, "--set", "temperature=0.9")...); code != 0 {
			t.Fatalf("exit code %d\n%s", code, out)
		}
		code, out := compare("temperature=0.9", "temperature=0")
		if code != exitError || !strings.Contains(out, `have different passages: the key data is `) {
			t.Errorf("exit code %d\n%s", code, out)
		}
		w.write("data/mini/test.tsv", string(before))
	})
	t.Run("without data", func(t *testing.T) {
		if err := os.Remove(filepath.Join(w.dir, "data/mini/test.tsv")); err != nil {
			t.Fatal(err)
		}
		code, out := compare("shard=2/4", "temperature=0", "--json", "-q")
		var got comparisonReport
		if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil || got.Passages != 10 || got.Difference != 0.5 {
			t.Errorf("exit code %d, %v\n%s", code, err, out)
		}
		if code, out := compare("limit=10", "limit=10", "--json"); code != 0 || !strings.Contains(out, "the stored counts are compared") || !strings.Contains(out, `"flips": null`) {
			t.Errorf("exit code %d\n%s", code, out)
		}
	})
}

// TestComparePartial: failed queries are exit code 3, and the other passages are
// compared.
func TestComparePartial(t *testing.T) {
	var broken atomic.Bool
	w := newWorkplace(t, 8, 0, failingQuery(&broken))
	ask := append(asking, "results.db")
	if code, out := w.run(ask...); code != 0 {
		t.Fatalf("first run: exit code %d\n%s", code, out)
	}
	broken.Store(true)
	if code, out := w.run(append(ask, "--set", "temperature=0.5")...); code != exitPartial {
		t.Fatalf("second run: exit code %d\n%s", code, out)
	}
	code, out := w.run("compare", "temperature=0", "temperature=0.5", "--store", "results.db")
	for _, want := range []string{"compare: 1 passages of A and B are incomplete, because queries failed, and were skipped", "mini         7  50.0  50.0"} {
		if code != exitPartial || !strings.Contains(out, want) {
			t.Errorf("exit code %d, want %q in\n%s", code, want, out)
		}
	}
	_, out = w.run("runs", "list", "--store", "results.db", "--json", "--where", "temperature=0.5")
	var runs []struct{ ID string }
	if err := json.Unmarshal([]byte(out), &runs); err != nil {
		t.Fatal(err)
	}
	code, out = w.run("runs", "errors", runs[0].ID, "--store", "results.db")
	if code != exitPartial || !strings.Contains(out, "errors by span_f1 in 7 of 7 passages") || !strings.Contains(out, "1 passage of the run is incomplete and left out.") {
		t.Errorf("errors: exit code %d\n%s", code, out)
	}
}

// TestCompareFilesVectors: the paired vectors as files of predictions, whose
// passages have the counts of the vectors.
func TestCompareFilesVectors(t *testing.T) {
	type passages [][3]int
	var paired struct {
		Cases []struct {
			Name     string
			A, B     passages
			Expected struct {
				Difference float64 `json:"diff"`
				Exact      *struct {
					Swaps int     `json:"n_swaps"`
					Count int     `json:"count_abs_ge"`
					P     float64 `json:"p_two_sided_abs"`
				} `json:"exact_permutation"`
			}
		}
	}
	readVectors(t, &paired, "vectors", "stats_paired.json")
	n := 0
	for _, c := range paired.Cases {
		if c.Expected.Exact == nil || !sameGold(c.A, c.B) {
			continue // passages whose gold differs are no two systems on one file
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			got := compareCounts(t, c.A, c.B)
			if math.Abs(got.Difference-c.Expected.Difference) > 1e-12 || math.Abs(got.P-c.Expected.Exact.P) > 1e-12 || !got.Exact {
				t.Errorf("difference %v, p %v, want %+v", got.Difference, got.P, c.Expected)
			}
		})
	}
	var seeded struct {
		Cases []struct {
			Name       string
			A, B       passages
			StreamSeed string `json:"stream_seed"`
			Resamples  int    `json:"bootstrap_resamples"`
			Rounds     int    `json:"randomisation_rounds"`
			Expected   struct {
				IntervalA    [2]float64 `json:"interval_f1_a"`
				IntervalDiff [2]float64 `json:"interval_diff"`
				Count        int        `json:"count_abs_ge"`
				P            float64    `json:"p_two_sided"`
			}
		}
	}
	readVectors(t, &seeded, "vectors", "stats_seeded.json")
	for _, c := range seeded.Cases {
		if !strings.HasPrefix(c.Name, "seeded-") || !sameGold(c.A, c.B) {
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			got := compareCounts(t, c.A, c.B, "--stream-seed", c.StreamSeed, "--ci", strconv.Itoa(c.Resamples), "--rounds", strconv.Itoa(c.Rounds))
			want := c.Expected
			if got.Count != want.Count || math.Abs(got.P-want.P) > 1e-12 || got.Tried != c.Rounds {
				t.Errorf("p %v (%d of %d), want %+v", got.P, got.Count, got.Tried, want)
			}
			for i := range 2 {
				if math.Abs(got.CI[i]-want.IntervalDiff[i]) > 1e-12 || math.Abs(got.A.CI[i]-want.IntervalA[i]) > 1e-12 {
					t.Errorf("intervals %v and %v, want %+v", *got.CI, *got.A.CI, want)
				}
			}
		})
	}
	if n == 0 {
		t.Fatal("no cases")
	}
	t.Logf("%d cases", n)
}

func sameGold(a, b [][3]int) bool {
	for i := range a {
		if a[i][2] != b[i][2] {
			return false
		}
	}
	return true
}

// compareCounts makes files whose passages have the counts, and compares them.
func compareCounts(t *testing.T, a, b [][3]int, args ...string) comparisonReport {
	t.Helper()
	var gold strings.Builder
	var preds [2]strings.Builder
	for i := range a {
		text := strings.Repeat("x", 200)
		gold.WriteString(jsonLine(t, map[string]any{"id": fmt.Sprint(i), "text": text, "spans": unitSpans(0, a[i][2])}))
		for side, counts := range [][3]int{a[i], b[i]} {
			spans := append(unitSpans(0, counts[0]), unitSpans(100, counts[1]-counts[0])...)
			preds[side].WriteString(jsonLine(t, map[string]any{"id": fmt.Sprint(i), "spans": spans}))
		}
	}
	files := []string{writeLines(t, "gold.jsonl", gold.String()), writeLines(t, "a.jsonl", preds[0].String()), writeLines(t, "b.jsonl", preds[1].String())}
	var got comparisonReport
	out := filtered(t, "", append([]string{"compare", "--gold", files[0], "--pred", files[1], "--pred", files[2], "--json", "--by", "none"}, args...)...)
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func unitSpans(from, n int) []map[string]any {
	spans := []map[string]any{}
	for i := range n {
		spans = append(spans, map[string]any{"start": from + 2*i, "end": from + 2*i + 1, "type": "x"})
	}
	return spans
}

// TestDatasetSeedVectors: --seed and --row name the stream of the vectors.
func TestDatasetSeedVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, Row string
			Seed      json.Number
			Expected  struct {
				StreamSeed string `json:"stream_seed"`
			}
		}
	}
	readVectors(t, &file, "vectors", "stats_seeded.json")
	a, b := [][3]int{{3, 5, 4}, {0, 2, 3}, {4, 4, 6}, {1, 1, 1}}, [][3]int{{1, 5, 4}, {2, 2, 3}, {2, 3, 6}, {1, 2, 1}}
	n := 0
	for _, c := range file.Cases {
		if !strings.HasPrefix(c.Name, "rowseed-") {
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			byDataset := compareCounts(t, a, b, "--seed", c.Seed.String(), "--row", c.Row, "--ci", "1000")
			byStream := compareCounts(t, a, b, "--stream-seed", c.Expected.StreamSeed, "--ci", "1000")
			if *byDataset.CI != *byStream.CI || *byDataset.A.CI != *byStream.A.CI {
				t.Errorf("intervals are %v and %v", *byDataset.CI, *byStream.CI)
			}
		})
	}
	if n == 0 {
		t.Fatal("no cases")
	}
}

// TestProposedPairs: a proposed pair has a common dataset, and a side that is not
// ambiguous is proposed only with choices that it can be compared with.
func TestProposedPairs(t *testing.T) {
	choices := []harness.Choice{{Name: "x", Datasets: []string{"one"}}, {Name: "y", Datasets: []string{"two"}}, {Name: "z", Datasets: []string{"one", "two"}}}
	both := errors.Join(&harness.AmbiguousError{Side: "A", Choices: choices, Runs: make([]results.RunInfo, 2)}, &harness.AmbiguousError{Side: "B", Choices: choices, Runs: make([]results.RunInfo, 2)})
	one := &harness.AmbiguousError{Side: "B", Choices: choices, Runs: make([]results.RunInfo, 2), Other: []string{"two"}}
	for _, tc := range []struct {
		name  string
		err   error
		sides []string
		want  string
	}{
		{"a model with itself", both, []string{"m", "m"}, "\n  nerbench compare x z\n  nerbench compare y z"},
		{"two models", both, []string{"m", "n"}, "\n  nerbench compare x x\n  nerbench compare x z\n  nerbench compare y y\n  nerbench compare y z\n  nerbench compare z x\n  nerbench compare z y\n  and 1 more (nerbench runs list)"},
		{"one side", one, []string{"m", "n"}, "\n  nerbench compare m y\n  nerbench compare m z"},
	} {
		env := &environment{args: []string{"nerbench", "compare", "A", "B"}}
		hint, ok := errors.AsType[*fault.Hint](env.proposeSides(tc.err, tc.sides))
		if want := "copy one of these commands:" + tc.want; !ok || hint.Advice != want {
			t.Errorf("%s: %+v, want %q", tc.name, hint, want)
		}
	}
	if err := (&environment{args: []string{"nerbench", "compare"}}).proposeSides(errors.ErrUnsupported, nil); err != errors.ErrUnsupported {
		t.Errorf("files: %v", err)
	}
	one.Other = []string{"three"}
	if err := (&environment{args: []string{"nerbench", "compare", "A", "B"}}).proposeSides(one, []string{"m", "n"}); err != error(one) {
		t.Errorf("no pair has a common dataset: %v", err)
	}
}

// addFormerShard adds a part of a whole run as older versions stored it: as a run of its
// own, with the key shard.
func addFormerShard(t *testing.T, path, temperature string, part ner.Shard) {
	t.Helper()
	store, err := results.Open(t.Context(), path, results.Existing)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	runs, err := store.Runs(t.Context(), map[string]string{"temperature": temperature, "limit": ""})
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	var passages []ner.Passage
	for p, err := range store.Passages(t.Context(), runs[0].ID) {
		if err != nil {
			t.Fatal(err)
		}
		if part.Has(p.Index) {
			p.Index = len(passages)
			passages = append(passages, p)
		}
	}
	run := ner.Run{Keys: maps.Clone(runs[0].Keys)}
	run.Keys["shard"] = part.String()
	err = errors.Join(store.Begin(t.Context(), run, len(passages)),
		store.AddFacts(t.Context(), run.ID(), map[string]string{"split_passages": runs[0].Facts["split_passages"]}, nil),
		store.Record(t.Context(), run.ID(), passages, nil), store.End(t.Context(), run.ID()))
	if err != nil {
		t.Fatal(err)
	}
}
