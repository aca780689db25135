package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/reports/paper"
)

// numbers are the columns of CSV that have numbers or nothing; fractions are those of
// them between 0 and 1.
var (
	fractions = []string{"f1", "precision", "recall", "ci_low", "ci_high", "p", "p_adjusted", "seeds_sd", "own name", "this name", "without", "with", "share of entities"}
	numbers   = append([]string{
		"tp", "n_pred", "n_gold", "used", "total", "passages_scored", "passages", "failures", "queries", "difference", "difference_ci_low", "difference_ci_high",
		"prompt_tokens", "answer_tokens", "seconds", "money", "spread", "agreement", "rank_from", "rank_to",
		"types", "types_published", "documents", "documents_table6", "documents_published", "entities", "difference by the dataset line",
	}, fractions...)
)

// checkCSV checks the columns of a CSV: numbers, fractions, and the kinds of lines. It
// returns the values of f1 by kind.
func checkCSV(t *testing.T, text string) map[string][]string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	f1 := map[string][]string{}
	column := func(line []string, name string) string {
		if i := slices.Index(lines[0], name); i >= 0 {
			return line[i]
		}
		return ""
	}
	for _, line := range lines[1:] {
		for i, name := range lines[0] {
			v, err := strconv.ParseFloat(line[i], 64)
			switch {
			case !slices.Contains(numbers, name) || line[i] == "":
			case err != nil:
				t.Errorf("%s: %q is not a number in %q", name, line[i], line)
			case slices.Contains(fractions, name) && (v < 0 || v > 1):
				t.Errorf("%s: %q is not a fraction in %q", name, line[i], line)
			}
		}
		if !slices.Contains(lines[0], "kind") {
			continue
		}
		kind, row := column(line, "kind"), column(line, "row")
		if mean := strings.HasPrefix(row, "mean_") || row == "pooled_micro"; !slices.Contains([]string{"dataset", "mean", "total"}, kind) || mean && kind != "mean" {
			t.Errorf("kind %q of row %q", kind, row)
		}
		f1[kind] = append(f1[kind], column(line, "f1"))
	}
	return f1
}

// TestCSV: every CSV has fractions in columns of numbers, no words in them, and means in
// lines of their own kind.
func TestCSV(t *testing.T) {
	call := keptRuns(t, []keptRun{
		{"one", "mit-movie", "", 8, 8, ner.Score{TP: 1, NPred: 2, NGold: 2}, 8},
		{"two", "mit-movie", "", 3, 8, ner.Score{TP: 1, NPred: 2, NGold: 2}, 8},
		{"two", "crossner-ai", "", 0, 8, ner.Score{}, 8},
	})
	items, err := paper.Items()
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		t.Run(item.Name, func(t *testing.T) {
			text := call(t, "paper", item.Name, "--format", "csv")
			tables := strings.Split(text, "\n\n") // an example, and the own runs beside it
			for _, table := range tables {
				f1 := checkCSV(t, table)
				if item.Average && !slices.Contains(f1["mean"], "0.5") && item.By != "domain" {
					if !slices.ContainsFunc(f1["mean"], func(v string) bool { return strings.HasPrefix(v, "0.4999") }) { // the paper's epsilon
						t.Errorf("no own mean in %q", f1["mean"])
					}
				}
			}
		})
	}
	for _, args := range [][]string{
		{"table"}, {"table", "--rows", "model", "--cols", "domain"}, {"table", "--published", "GLiNER-L", "--ranks"}, {"table", "--run-only"},
		{"datasets", "stats"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			text := call(t, append(args, "--format", "csv")...)
			if f1 := checkCSV(t, text); args[0] == "table" && len(f1["mean"]) == 0 {
				t.Errorf("no mean in\n%s", text)
			}
		})
	}
	t.Run("sweep", func(t *testing.T) {
		plan := "title = \"t\"\ndatasets = [\"sample-law\", \"sample-biomed\"]\n[fixed]\nmodel = \"tagger\"\n[grid]\nsampling_seed = [1, 2]\n"
		file := filepath.Join(t.TempDir(), "plan.toml")
		if err := os.WriteFile(file, []byte(plan), 0o600); err != nil {
			t.Fatal(err)
		}
		f1 := checkCSV(t, call(t, "sweep", "run", file, "--ci", "1000", "--format", "csv"))
		if len(f1["mean"]) != 2 || len(f1["dataset"]) != 4 || slices.Contains(f1["mean"], "") {
			t.Errorf("values %q, want 2 means and 4 of datasets", f1)
		}
	})
}
