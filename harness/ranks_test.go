package harness

import (
	"bytes"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/metrics/stats"
	"nerbench/reports"
	"nerbench/results"
)

// rankedTable is a table of models by dataset of a suite with two datasets.
func rankedTable(t *testing.T, b *Bench) *reports.Table {
	t.Helper()
	table, err := b.Table(t.Context(), TableRequest{Suite: "law", Ranks: true})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// lawRuns are runs of a model on all datasets of the suite law.
func lawRuns(model string, passages int, skill float64) []generatedRun {
	var runs []generatedRun
	for _, dataset := range []string{"e-ner", "mapa-coarse", "mapa-fine"} {
		runs = append(runs, generatedRun{Model: model, Dataset: dataset, Passages: passages, Skill: skill})
	}
	return runs
}

// TestSeparableSystemsHaveTheirOwnRanks checks that 50 systems with clear differences do
// not share a rank, on a dataset and by their mean.
func TestSeparableSystemsHaveTheirOwnRanks(t *testing.T) {
	const systems = 50
	var runs []generatedRun
	for s := range systems {
		runs = append(runs, lawRuns(fmt.Sprintf("ollama/m%02d", s), 200, 0.01+0.019*float64(s))...)
	}
	for i := range runs {
		runs[i].Gold = 400
	}
	b := generatedStore(t, runs...)
	table := rankedTable(t, b)
	for _, line := range []string{"e-ner", "mapa-coarse", "mapa-fine", reports.MeanRows} {
		for s := range systems {
			c := table.Cell("span_f1", line, fmt.Sprintf("ollama/m%02d", s))
			if want := [2]int{systems - s, systems - s}; c.Rank == nil || *c.Rank != want {
				t.Errorf("%s, system %d: ranks %v, want %v", line, s, c.Rank, want)
			}
		}
	}
	again := rankedTable(t, b)
	var first, second bytes.Buffer
	if err := table.Write(&first, "json"); err != nil {
		t.Fatal(err)
	}
	if err := again.Write(&second, "json"); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the kept tests give another table")
	}
}

// TestPartialRunsAreNotRanked checks that a run on a part of the split has no rank, nor a
// place in the ranks of others, however good it is.
func TestPartialRunsAreNotRanked(t *testing.T) {
	runs := append(lawRuns("ollama/good", 300, 0.8), lawRuns("ollama/bad", 300, 0.3)...)
	first := lawRuns("ollama/first", 300, 0.99)
	for i := range first {
		first[i].Keys, first[i].Passages = map[string]string{"limit": "300"}, 300 // of a longer split
	}
	shard := lawRuns("ollama/shard", 300, 0.99)
	for i := range shard {
		shard[i].Keys = map[string]string{"shard": "0/2"}
	}
	unfinished := lawRuns("ollama/unfinished", 300, 0.99)
	for i := range unfinished {
		unfinished[i].Unanswered = 1
	}
	fewer := lawRuns("ollama/fewer", 300, 0.99)[:2]
	runs = append(runs, append(first, append(shard, append(unfinished, fewer...)...)...)...)
	table := rankedTable(t, generatedStore(t, runs...))
	for model, want := range map[string][2][2]int{ // on the first dataset, and by the mean
		"ollama/good": {{2, 2}, {1, 1}}, "ollama/bad": {{3, 3}, {2, 2}}, "ollama/fewer": {{1, 1}},
		"ollama/first": {}, "ollama/shard": {}, "ollama/unfinished": {},
	} {
		for i, line := range []string{"e-ner", reports.MeanRows} {
			c := table.Cell("span_f1", line, model)
			var got [2]int
			if c.Rank != nil {
				got = *c.Rank
			}
			if got != want[i] {
				t.Errorf("%s, %s: ranks %v, want %v", model, line, got, want[i])
			}
			if i == 0 && want[i] == [2]int{} && c.Note == "" {
				t.Errorf("%s, %s: no note says why it has no rank", model, line)
			}
		}
	}
}

// TestKeptTests checks which tests the store keeps, and that they are those of each pair
// alone.
func TestKeptTests(t *testing.T) {
	ctx := t.Context()
	b := generatedStore(t, append(lawRuns("ollama/a", 80, 0.5), lawRuns("ollama/b", 80, 0.55)...)...)
	compare := func() (contest, pairTests) {
		store, err := b.ReadStore(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		runs, err := store.Runs(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		byModel := map[string]system{}
		var models []string
		for _, r := range runs {
			if byModel[r.Keys["model"]] == nil {
				models = append(models, r.Keys["model"])
			}
			byModel[r.Keys["model"]] = append(byModel[r.Keys["model"]], scored{r, "span_f1"})
		}
		var systems []system
		for _, m := range models {
			systems = append(systems, byModel[m])
		}
		c := newContest(systems)
		tests, err := (&statistics{bench: b, store: store}).contestTests(ctx, []contest{c})
		if err != nil {
			t.Fatal(err)
		}
		return c, tests[0]
	}
	c, tests := compare()
	if n := keptTests(t, b); n != 1 {
		t.Fatalf("%d tests are kept, want 1", n)
	}
	store, err := b.ReadStore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var datasets []stats.Dataset
	for i := range c.systems[0] {
		dataset := stats.Dataset{Seed: stats.DatasetSeed(0, c.systems[0][i].dataset())}
		if dataset.A, err = store.Counts(ctx, c.systems[0][i].run.ID, "span_f1"); err != nil {
			t.Fatal(err)
		}
		if dataset.B, err = store.Counts(ctx, c.systems[1][i].run.ID, "span_f1"); err != nil {
			t.Fatal(err)
		}
		datasets = append(datasets, dataset)
	}
	store.Close()
	want := stats.CompareIn(datasets, c.pairs()[0].draws)
	if got := tests.tests[0]; got.Count != want.Count || got.Tried != want.Tried || tests.p(0, 1) != want.P {
		t.Errorf("test %+v, want %+v", got, want)
	}
	addGenerated(t, b, lawRuns("ollama/c", 80, 0.6)...)
	kept := tests.tests[0]
	kept.Whole = results.RoundSums{} // which a store does not keep
	if _, more := compare(); more.tests[0] != kept {
		t.Errorf("with a third system: %+v, want %+v", more.tests[0], kept)
	}
	if n := keptTests(t, b); n != 3 {
		t.Errorf("%d tests are kept, want 3", n)
	}
}

// TestRanksOfAStoreThatCannotBeWritten checks that the ranks are the same, and that a
// note says why nothing is kept.
func TestRanksOfAStoreThatCannotBeWritten(t *testing.T) {
	b := generatedStore(t, append(lawRuns("ollama/a", 80, 0.5), lawRuns("ollama/b", 80, 0.9)...)...)
	want := *rankedTable(t, b).Cell("span_f1", reports.MeanRows, "ollama/b").Rank
	store, err := b.ReadStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var notes []string
	elsewhere := &Bench{Store: filepath.Join(t.TempDir(), "none.db"), Notify: func(e Event) { notes = append(notes, e.Note) }}
	runs, err := store.Runs(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := newContest([]system{{{runs[0], "span_f1"}}, {{runs[3], "span_f1"}}})
	pairs := c.pairs()
	pairs[0].draws += 1000 // which the store does not have
	list, err := (&statistics{bench: elsewhere, store: store}).tests(t.Context(), pairs, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := rankRanges(c, pairTests{2, list})[1]; [2]int{got.From, got.To} != want {
		t.Errorf("ranks %v, want %v", got, want)
	}
	if len(notes) != 1 || !strings.HasPrefix(notes[0], "statistics are not kept: ") {
		t.Errorf("notes %q, want one", notes)
	}
}

// keptTests is the number of tests in the store.
func keptTests(t *testing.T, b *Bench) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+b.Store+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM pair_tests").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestIntervalsOfMeans compares the intervals of a table with those of package stats.
func TestIntervalsOfMeans(t *testing.T) {
	ctx := t.Context()
	b := generatedStore(t, append(lawRuns("ollama/a", 80, 0.5), lawRuns("ollama/b", 60, 0.55)...)...)
	store, err := b.ReadStore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	of := func(model string) []stats.Dataset {
		var list []stats.Dataset
		for _, r := range runs {
			if r.Keys["model"] != model {
				continue
			}
			counts, err := store.Counts(ctx, r.ID, "span_f1")
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, stats.Dataset{Seed: stats.DatasetSeed(0, r.Keys["dataset"]), A: counts})
		}
		return list
	}
	for range 2 { // computed, then kept
		byDataset, err := b.Table(ctx, TableRequest{Suite: "law", Resamples: 1000})
		if err != nil {
			t.Fatal(err)
		}
		byDomain, err := b.Table(ctx, TableRequest{Suite: "law", Resamples: 1000, Spec: reports.Spec{Rows: reports.KeyDomain}})
		if err != nil {
			t.Fatal(err)
		}
		for _, model := range []string{"ollama/a", "ollama/b"} {
			datasets := of(model)
			mean := stats.Bootstrap(datasets, 1000)
			for name, got := range map[string]*reports.Cell{
				"mean_rows": byDataset.Cell("span_f1", reports.MeanRows, model), "domain": byDomain.Cell("span_f1", "law", model),
			} {
				if got.CI == nil || *got.CI != [2]float64{mean.Low, mean.High} {
					t.Errorf("%s of %s: interval %v, want %v", name, model, got.CI, mean)
				}
			}
			one := stats.Bootstrap(datasets[:1], 1000)
			if got := byDataset.Cell("span_f1", "e-ner", model); got.CI == nil || *got.CI != [2]float64{one.Low, one.High} {
				t.Errorf("e-ner of %s: interval %v, want %v", model, got.CI, one)
			}
			if got := byDataset.Cell("span_f1", reports.PooledMicro, model); got.CI != nil {
				t.Errorf("pooled counts have the interval of the mean, %v", got.CI)
			}
		}
	}
}
