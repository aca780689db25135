package sweeps

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/internal/latextest"
	"nerbench/reports"
)

// TestModelsHaveTheirNames: the name in the table is the one that commands take.
func TestModelsHaveTheirNames(t *testing.T) {
	r := Result{Varied: []string{"model"}, Lines: []Line{{Keys: map[string]string{"model": "gguf/a/q4.gguf"}}, {Keys: map[string]string{"model": "gguf/a/q8.gguf"}}}}
	if got, want := r.shownValues(), [][]string{{"gguf/a/q4.gguf"}, {"gguf/a/q8.gguf"}}; !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("models are %q, want %q", got, want)
	}
}

// TestFailuresOfParsedAnswers: answers that nothing has parsed are no answers without
// failures.
func TestFailuresOfParsedAnswers(t *testing.T) {
	none, three := 0, 3
	for _, tc := range []struct {
		name         string
		line         Line
		text, record string
	}{
		{"no run is scored", Line{Queries: 60}, "–", ""},
		{"no failure", Line{Queries: 60, parsed: 60, Failures: &none}, "0.0", "0"},
		{"one of two runs is scored", Line{Queries: 60, parsed: 30, Failures: &three}, "10.0", "3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if text, record := tc.line.failuresText(), tc.line.failuresRecord(); text != tc.text || record != tc.record {
				t.Errorf("%q and %q, want %q and %q", text, record, tc.text, tc.record)
			}
		})
	}
}

// TestFigure: values with an order are lines, others are bars; every other key is a
// series if all combinations exist.
func TestFigure(t *testing.T) {
	half := 0.5
	for _, c := range []struct {
		name       string
		varied     []string
		values     [][]string
		series     int
		categories []string
		lines      bool
	}{
		{"numbers", []string{"shots"}, [][]string{{"0"}, {"1"}, {"3"}}, 1, []string{"0", "1", "3"}, true},
		{"two numbers", []string{"shots"}, [][]string{{"0"}, {"1"}}, 1, []string{"0", "1"}, false},
		{"words", []string{"order"}, [][]string{{"listed"}, {"name"}, {""}}, 1, []string{"listed", "name", "–"}, false},
		{
			"grid", []string{"order", "shots"}, [][]string{{"listed", "0"}, {"listed", "1"}, {"listed", "3"}, {"name", "0"}, {"name", "1"}, {"name", "3"}},
			2, []string{"0", "1", "3"}, true,
		},
		{"no grid", []string{"order", "shots"}, [][]string{{"listed", "0"}, {"name", "1"}}, 1, []string{"listed 0", "name 1"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &Result{Varied: c.varied}
			for _, values := range c.values {
				keys := map[string]string{}
				for i, k := range c.varied {
					keys[k] = values[i]
				}
				r.Lines = append(r.Lines, Line{Keys: keys, Mean: &half})
			}
			f := r.figure()
			if len(f.Series) != c.series || !slices.Equal(f.Categories, c.categories) || f.Lines != c.lines {
				t.Errorf("%d series, categories %q, lines %v", len(f.Series), f.Categories, f.Lines)
			}
		})
	}
}

// TestLatexCompiles compiles the table of a large sweep with all its columns.
func TestLatexCompiles(t *testing.T) {
	half, money, interval, failures, in, out := 0.5, 1.25, &[2]float64{-0.0123, 0.5}, 3, 123456789, 23456
	var sources []latextest.Source
	for _, lines := range []int{3, 60} {
		r := &Result{Sweep: "layout", Title: "query layout", Varied: []string{"model", "variant"}, Notes: []string{"p: " + strings.Repeat("a long note ", 20)}}
		for i := range lines {
			datasets := map[string]*float64{}
			for d := range 7 {
				datasets[fmt.Sprintf("crossner-literature-%d", d)] = &half
			}
			r.Lines = append(r.Lines, Line{
				Keys:     map[string]string{"model": fmt.Sprintf("ollama/llama3.1:8b-instruct-q4_K_M-%d", i), "variant": "one_type_per_query"},
				Datasets: datasets, Mean: &half, CI: interval, Deviation: &half, Difference: &half, DifferenceCI: interval, PAdjusted: &half,
				Failures: &failures, parsed: 123456, Queries: 123456, Cost: &harness.Cost{PromptTokens: &in, AnswerTokens: &out, Seconds: 4321.5, Money: &money},
			})
		}
		for _, o := range []reports.Latex{{}, {Siunitx: true, Float: true}} {
			x := r.Exhibit()
			x.Latex = o
			var b strings.Builder
			if err := x.Write(&b, "latex"); err != nil {
				t.Fatal(err)
			}
			sources = append(sources, latextest.Source{Name: fmt.Sprintf("%d lines", lines), Text: b.String(), Float: o.Float})
		}
	}
	latextest.Compile(t, sources)
}
