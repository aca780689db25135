package sweeps

import (
	"slices"
	"testing"
)

// TestApart: models are shown by the parts of their names that differ.
func TestApart(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want []string
	}{
		{"one", []string{"gguf/a/b.gguf", "gguf/a/b.gguf"}, []string{"gguf/a/b.gguf", "gguf/a/b.gguf"}},
		{"head", []string{"gguf/a/q4.gguf", "gguf/a/q8.gguf"}, []string{"q4.gguf", "q8.gguf"}},
		{"tail", []string{"gguf/x/model.gguf", "gguf/y/model.gguf"}, []string{"x", "y"}},
		{"nothing in common", []string{"tagger", "ollama/x"}, []string{"tagger", "ollama/x"}},
		{"one is the start of another", []string{"gguf/a", "gguf/a/a"}, []string{"gguf/a", "gguf/a/a"}},
		{"repeated", []string{"ollama/x", "ollama/y", "ollama/x"}, []string{"x", "y", "x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := apart(c.in); !slices.Equal(got, c.want) {
				t.Errorf("apart(%q) = %q, want %q", c.in, got, c.want)
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
