package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/results"
)

// benchEnvironment is one with a store and an empty data folder.
func benchEnvironment(b testing.TB) (*environment, *bytes.Buffer) {
	dir := b.TempDir()
	var out bytes.Buffer
	return &environment{
		stdin: strings.NewReader(""), stdout: &out, stderr: &out, getenv: func(string) string { return "" },
		store: filepath.Join(dir, "results.db"), data: filepath.Join(dir, "data"),
	}, &out
}

// BenchmarkPaperAll writes all tables and figures from a store of 10 models on the
// 49 datasets (budget: 3 s).
func BenchmarkPaperAll(b *testing.B) {
	env, out := benchEnvironment(b)
	ds, err := datasets.Embedded()
	if err != nil {
		b.Fatal(err)
	}
	store, err := results.Open(b.Context(), env.store, results.Create)
	if err != nil {
		b.Fatal(err)
	}
	for m := range 10 {
		for _, dataset := range ds {
			keepRun(b, store, fmt.Sprintf("model-%d", m), dataset)
		}
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		out.Reset()
		dir := filepath.Join(b.TempDir(), "paper")
		if code := run(context.Background(), []string{"nerbench", "paper", "all", "--store", env.store, "--data", env.data, "--out", dir}, env); code != 0 {
			b.Fatal(out.String())
		}
	}
}

// keepRun keeps a run of one passage with its scores.
func keepRun(b testing.TB, store *results.Store, model string, dataset *datasets.Dataset) {
	b.Helper()
	r := ner.Run{Keys: map[string]string{"model": model, "digest": model, "dataset": dataset.ID, "split": "test", "data": "d-" + dataset.ID, "labels": dataset.LabelsHash(), "family": "uniner", "variant": "repo"}}
	if err := store.Begin(b.Context(), r, 1); err != nil {
		b.Fatal(err)
	}
	passage := ner.Passage{Index: 0, Document: dataset.ID + "/test/0"}
	if err := store.Record(b.Context(), r.ID(), []ner.Passage{passage}, nil); err != nil {
		b.Fatal(err)
	}
	byType := map[ner.EntityType]ner.Score{}
	var total ner.Score
	for _, t := range dataset.Types() {
		byType[t] = ner.Score{TP: 5, NPred: 9, NGold: 8}
		total = total.Add(byType[t])
	}
	scores := results.Scores{Passages: 1, Metrics: map[string]results.MetricScore{}, Outcomes: map[ner.Outcome]int{ner.OK: 3}}
	for _, id := range []string{"span_f1", "uniner_f1", "uniner_f1_lenient"} {
		scores.Metrics[id] = results.MetricScore{Total: total, ByType: byType, Passages: []ner.Score{total}, Reader: answers.Version, Version: "1"}
	}
	if err := store.SaveScores(b.Context(), r.ID(), scores); err != nil {
		b.Fatal(err)
	}
	if err := store.End(b.Context(), r.ID()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSweepPlan plans 1,000 runs over the nine datasets of the sample (budget: 1 s).
func BenchmarkSweepPlan(b *testing.B) {
	env, out := benchEnvironment(b)
	file := filepath.Join(b.TempDir(), "plan.toml")
	var seeds []string
	for i := range 28 {
		seeds = append(seeds, fmt.Sprint(i))
	}
	plan := fmt.Sprintf("title = \"t\"\nseeds = [%s]\ndatasets = [%q, %q, %q, %q, %q, %q, %q, %q, %q]\n[fixed]\nmodel = \"ollama/x\"\n[grid]\nwording = [\"natural\", \"upper\"]\nvariant = [\"repo\", \"card\"]\n",
		strings.Join(seeds, ", "), "sample-general", "sample-biomed", "sample-clinics", "sample-stem", "sample-programming", "sample-social-media", "sample-law", "sample-finance", "sample-transportation")
	if err := os.WriteFile(file, []byte(plan), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		out.Reset()
		if code := run(context.Background(), []string{"nerbench", "sweep", "plan", file, "--probe", "0", "--store", env.store}, env); code != 0 || !strings.Contains(out.String(), "4 points, 1008 runs") {
			b.Fatal(out.String())
		}
	}
}

// TestPaperStores writes all tables and figures from a store with three datasets, and
// from one with all of them: own runs are there, and what was not run says so.
func TestPaperStores(t *testing.T) {
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"three datasets": 3, "all datasets": len(ds)} {
		t.Run(name, func(t *testing.T) {
			env, out := benchEnvironment(t)
			store, err := results.Open(t.Context(), env.store, results.Create)
			if err != nil {
				t.Fatal(err)
			}
			for _, dataset := range ds[:n] {
				keepRun(t, store, "ours", dataset)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if code := run(context.Background(), []string{"nerbench", "paper", "all", "--store", env.store, "--data", env.data, "--out", dir}, env); code != 0 {
				t.Fatal(out.String())
			}
			text, err := os.ReadFile(filepath.Join(dir, "fig9.txt"))
			if err != nil {
				t.Fatal(err)
			}
			// Text leaves them out, the other formats do not.
			tex, err := os.ReadFile(filepath.Join(dir, "fig9.tex"))
			if err != nil {
				t.Fatal(err)
			}
			missing, left := strings.Count(string(tex), "not run \\\\\n"), "not run, left out (46 of 49 datasets; "
			if !strings.Contains(string(text), "ours") || (n == 3) != (missing > 40) || (n == 3) != strings.Contains(string(text), left) || strings.Contains(string(text), "not run\n") {
				t.Errorf("%d of 49 not run:\n%s\n%s", missing, text, tex)
			}
			if mean := fmt.Sprintf("(%d/49)", n); n < 49 && !strings.Contains(string(text), mean) {
				t.Errorf("no mean of %s in\n%s", mean, text)
			}
		})
	}
}
