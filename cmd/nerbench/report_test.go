package main

import (
	"bytes"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/results"
)

// TestTablesSayThatReadersDiffer: scores of different versions do not share a
// table without a note (docs/spec/metrics.md §8.4).
func TestTablesSayThatReadersDiffer(t *testing.T) {
	for _, tc := range []struct {
		name   string
		second string // reader of the second run
		warn   bool
	}{
		{"same", "1", false},
		{"other", "2", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			store, err := results.Open(t.Context(), "results.db", results.Create)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			for model, reader := range map[string]string{"a": "1", "b": tc.second} {
				saveRun(t, store, model, reader)
			}
			var out bytes.Buffer
			env := &environment{stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
			if code := run(t.Context(), []string{"nerbench", "table"}, env); code != 0 {
				t.Fatalf("exit code %d: %s", code, out.String())
			}
			if warned := strings.Contains(out.String(), "cells differ in: reader"); warned != tc.warn {
				t.Errorf("warned: %v, want %v:\n%s", warned, tc.warn, out.String())
			}
		})
	}
}

// saveRun keeps a run of one passage with its scores.
func saveRun(t *testing.T, store *results.Store, model, reader string) {
	t.Helper()
	r := ner.Run{Keys: map[string]string{"model": model, "dataset": "mit-movie"}}
	counts := ner.Score{TP: 1, NPred: 2, NGold: 2}
	passage := ner.Passage{Document: "mit-movie/test/0", Answers: []ner.Answer{{Types: []ner.EntityType{"actor"}}}}
	for _, err := range []error{
		store.Begin(t.Context(), r, 1),
		store.Record(t.Context(), r.ID(), []ner.Passage{passage}, nil),
		store.End(t.Context(), r.ID()),
		store.SaveScores(t.Context(), r.ID(), results.Scores{Passages: 1, Metrics: map[string]results.MetricScore{
			"span_f1": {Total: counts, Passages: []ner.Score{counts}, Reader: reader, Version: "1"},
		}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}
