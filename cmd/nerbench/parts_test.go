package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// keptRun is a run to keep in a store: of passages, the first complete ones have equal
// counts.
type keptRun struct {
	model, dataset, limit string
	complete, passages    int
	counts                ner.Score // of a passage
	split                 int
}

// keep keeps a run with its scores by the usual metrics and by partial match.
func (k keptRun) keep(t *testing.T, store *results.Store) string {
	t.Helper()
	all, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	dataset, err := datasets.Find(all, k.dataset)
	if err != nil {
		t.Fatal(err)
	}
	r := ner.Run{Keys: map[string]string{
		"model": k.model, "dataset": k.dataset, "split": "test", "data": "d-" + k.dataset, "labels": dataset.LabelsHash(), "family": "uniner", "variant": "repo", "limit": k.limit,
	}}
	if err := store.Begin(t.Context(), r, k.passages); err != nil {
		t.Fatal(err)
	}
	if err := store.AddFacts(t.Context(), r.ID(), map[string]string{"split_passages": fmt.Sprint(k.split)}, nil); err != nil {
		t.Fatal(err)
	}
	var passages []ner.Passage
	m := results.MetricScore{ByType: map[ner.EntityType]ner.Score{}, Reader: "1", Version: "1"}
	for i := range k.complete {
		passages = append(passages, ner.Passage{Index: i, Document: fmt.Sprintf("%s/test/%d", k.dataset, i)})
		m.Passages, m.Total = append(m.Passages, k.counts), m.Total.Add(k.counts)
	}
	m.ByType[dataset.Types()[0]] = m.Total
	if err := store.Record(t.Context(), r.ID(), passages, nil); err != nil {
		t.Fatal(err)
	}
	scores := results.Scores{Passages: k.complete, Metrics: map[string]results.MetricScore{}, Outcomes: map[ner.Outcome]int{ner.OK: k.complete}}
	for _, id := range []string{"span_f1", "uniner_f1", "uniner_f1_lenient", "paper_partial_f1"} {
		scores.Metrics[id] = m
	}
	if err := store.SaveScores(t.Context(), r.ID(), scores); err != nil {
		t.Fatal(err)
	}
	if k.complete == k.passages {
		if err := store.End(t.Context(), r.ID()); err != nil {
			t.Fatal(err)
		}
	}
	return r.ID()
}

// keptRuns keeps runs in a new store, in a new working folder. It returns a function that
// runs the program on them and returns its output.
func keptRuns(t *testing.T, runs []keptRun) (call func(t *testing.T, args ...string) string) {
	t.Helper()
	t.Chdir(t.TempDir())
	env, out := benchEnvironment(t)
	store, err := results.Open(t.Context(), env.store, results.Create)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range runs {
		k.keep(t, store)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, args ...string) string {
		t.Helper()
		out.Reset()
		if code := run(context.Background(), append([]string{"nerbench", "-q", "--store", env.store, "--data", env.data}, args...), env); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, out)
		}
		return out.String()
	}
}

// TestPartsInEveryOutput keeps a complete run, an incomplete one, one without an
// answer, and one with a limit, all scored on demand. Every output has the number of
// their passages, and none has a 0 for the run without an answer.
func TestPartsInEveryOutput(t *testing.T) {
	half := ner.Score{TP: 1, NPred: 2, NGold: 2}
	call := keptRuns(t, []keptRun{
		{"entire", "mit-movie", "", 8, 8, ner.Score{TP: 2, NPred: 2, NGold: 2}, 8},
		{"unfinished", "mit-movie", "", 3, 8, half, 8},
		{"silent", "mit-movie", "", 0, 8, half, 8},
		{"short", "mit-movie", "5", 5, 5, half, 8},
		{"short", "crossner-ai", "5", 5, 5, half, 40},
		{"mixing", "mit-movie", "", 8, 8, half, 8},
		{"mixing", "crossner-ai", "5", 5, 5, half, 40},
	})
	// Datasets with the same limit have one mark in tables for people.
	const together = "first 5 of 40 passages (crossner-ai), of 8 (mit-movie)"
	short := func(format string) string {
		if format == "csv" || format == "json" {
			return "first 5 of 8 passages"
		}
		return together
	}
	wanted := map[string][]string{
		"runs list":        {"incomplete: 3 of 8 passages", "incomplete: 0 of 8 passages", "first 5 of 8 passages", "first 5 of 40 passages"},
		"runs list --json": {"incomplete: 3 of 8 passages", "incomplete: 0 of 8 passages", "first 5 of 8 passages", "first 5 of 40 passages"},
	}
	for _, format := range reports.Formats() {
		wanted["table --metric span_f1,uniner_f1,paper_partial_f1 --format "+format] = []string{
			"incomplete: 3 of 8 passages", "incomplete: 0 of 8 passages", short(format), "first 5 passages of each dataset", "left out: crossner-ai (first 5 of 40 passages)",
		}
	}
	for _, item := range []string{"table3", "table5", "fig9"} {
		for _, format := range reports.ExhibitFormats() {
			if format == "svg" && item != "fig9" {
				continue
			}
			wanted["paper "+item+" --format "+format] = []string{"incomplete: 3 of 8 passages", "incomplete: 0 of 8 passages", "left out: crossner-ai (first 5 of 40 passages)"}
			if format == "svg" { // it does not draw a mean over few datasets, nor a run without a value
				wanted["paper "+item+" --format "+format] = []string{"incomplete: 3 of 8 passages", together}
			}
		}
	}
	// Zeros of the run without an answer would stand here: its counts are 0/0/0.
	zero := regexp.MustCompile(`"(f1|value)": 0,|(?m:^silent[^\n]* 0\.0|^[^,\n]*,silent,\w+,(dataset,|mean,)?0,)`)
	for command, wants := range wanted {
		t.Run(command, func(t *testing.T) {
			text := call(t, strings.Fields(command)...)
			if found := zero.FindString(text); found != "" {
				t.Errorf("a score of 0: %q in\n%s", found, text)
			}
			for _, want := range wants {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
	t.Run("site build", func(t *testing.T) {
		call(t, "site", "build", "--single", "--out", "report")
		html, err := os.ReadFile(filepath.Join("report", "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"incomplete: 3 of 8 passages", "incomplete: 0 of 8 passages", together, "left out: crossner-ai (first 5 of 40 passages)"} {
			if !bytes.Contains(html, []byte(want)) {
				t.Errorf("no %q in the page", want)
			}
		}
		if found := regexp.MustCompile(`>0\.0 \([a-z]\)`).Find(html); found != nil {
			t.Errorf("a score of 0 in the page: %s", found)
		}
	})
}
