package reports

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"nerbench/ner"
)

func TestCoverageNotes(t *testing.T) {
	for _, tc := range []struct {
		name     string
		keys     map[string]string
		scored   int
		passages int
		split    int
		want     string
	}{
		{"complete", nil, 8, 8, 8, ""},
		{"complete, of an older store", nil, 8, 8, 0, ""},
		{"incomplete", nil, 3, 8, 8, "incomplete: 3 of 8 passages"},
		{"nothing answered", nil, 0, 8, 8, "incomplete: 0 of 8 passages"},
		{"limit", map[string]string{"limit": "5"}, 5, 5, 8, "first 5 of 8 passages"},
		{"limit, of an older store", map[string]string{"limit": "5"}, 5, 5, 0, "first 5 passages"},
		{"limit, incomplete", map[string]string{"limit": "5"}, 2, 5, 8, "incomplete: 2 of the first 5 of 8 passages"},
		{"shard", map[string]string{"shard": "1/2"}, 4, 4, 8, "4 of 8 passages of shard 1/2"},
		{"shard of a limit", map[string]string{"shard": "1/2", "limit": "6"}, 3, 3, 8, "3 passages of shard 1/2 of the first 6 of 8"},
		{"sample under the cap", map[string]string{"cap": "20"}, 5, 5, 8, "sampled 5 of 8 passages"},
		{"cap above the size", map[string]string{"cap": "200000"}, 8, 8, 8, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := NewCoverage(tc.keys, tc.scored, tc.passages, tc.split)
			if got := c.Note(); got != tc.want {
				t.Errorf("note %q, want %q", got, tc.want)
			}
			if value := c.Value(ratio(0)); (value == nil) != (tc.scored == 0) {
				t.Errorf("value %v of %d scored passages", value, tc.scored)
			}
		})
	}
}

// first is a complete run on the first n of 100 passages.
func first(r Result, limit string, n int) Result {
	r = r.with("limit", limit)
	r.Passages, r.Complete, r.SplitPassages = n, n, 100
	return r
}

// incomplete is a run with n of 100 scored passages.
func incomplete(r Result, n int) Result {
	r.Complete, r.State = n, "partial"
	return r
}

// TestCellsOfParts: of several runs on one dataset the longest counts, and means pool
// no runs of different limits. The others are named.
func TestCellsOfParts(t *testing.T) {
	short := result("a", "courts", 60, 60, 60)
	short.Passages, short.Complete = 5, 5 // a whole split, not longer than the limit
	stale := result("a", "stars", 1, 2, 2)
	stale.Unscored = 40
	stars, courts := result("a", "stars", 1, 2, 2), result("a", "courts", 2, 2, 2)
	for _, tc := range []struct {
		name      string
		results   []Result
		cell      string // of stars
		cellNote  string
		mean      string
		used      int
		meanNote  string
		forbidden string
	}{
		{"a longer run", []Result{first(result("a", "stars", 2, 2, 2), "5", 5), stars, courts}, "50.0", "left out: another run (first 5 of 100 passages)", "75.0", 2, "left out: stars (first 5 of 100 passages)", ""},
		{"two limits", []Result{first(result("a", "stars", 2, 2, 2), "5", 5), first(stars, "9", 9)}, "50.0", "first 9 of 100 passages; left out: another run (first 5 of 100 passages)", "50.0", 1, "first 9 passages of each dataset; left out: stars (first 5 of 100 passages)", ""},
		{"a limit on one dataset", []Result{first(stars, "5", 5), courts}, "50.0", "first 5 of 100 passages", "100.0", 1, "left out: stars (first 5 of 100 passages)", ""},
		{"different limits", []Result{first(stars, "5", 5), first(courts, "9", 9)}, "50.0", "first 5 of 100 passages", "100.0", 1, "first 9 passages of each dataset; left out: stars (first 5 of 100 passages)", ""},
		{"the same limit", []Result{first(stars, "5", 5), first(courts, "5", 5)}, "50.0", "first 5 of 100 passages", "75.0", 2, "first 5 passages of each dataset", "left out"},
		{"a dataset that is not longer than the limit", []Result{first(stars, "5", 5), short}, "50.0", "first 5 of 100 passages", "75.0", 2, "first 5 passages of each dataset", "left out"},
		{"incomplete", []Result{incomplete(stars, 3), courts}, "50.0", "incomplete: 3 of 100 passages", "100.0", 1, "", "incomplete"},
		{"incomplete beside complete", []Result{incomplete(stars.with("seed", "1"), 3), result("a", "stars", 2, 2, 2).with("seed", "2"), courts}, "100.0", "left out: another run (incomplete: 3 of 100 passages)", "100.0", 2, "left out: stars (incomplete: 3 of 100 passages)", ""},
		{"nothing answered", []Result{incomplete(result("a", "stars", 0, 0, 0), 0), courts}, "–", "incomplete: 0 of 100 passages", "100.0", 1, "", "incomplete"},
		{"scored before the last answers", []Result{stale, courts}, "50.0", "incomplete: 60 of 100 passages", "100.0", 1, "", "incomplete"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// A formula with an epsilon gives 0 where nothing was counted.
			ratios := func(id string, s ner.Score) (p, r, f1 *float64) {
				if s.NGold+s.NPred == 0 {
					return ratio(0), ratio(0), ratio(0)
				}
				return FromCounts(id, s)
			}
			table := build(t, tc.results, Spec{Benchmark: benchmark(), Ratios: ratios})
			if c := table.Cell(SpanF1, "stars", "a"); Percent(c.Value) != tc.cell || c.Note != tc.cellNote {
				t.Errorf("stars: %s, note %q, want %s, %q", Percent(c.Value), c.Note, tc.cell, tc.cellNote)
			}
			for _, row := range []string{MeanRows, PooledMicro} {
				c := table.Cell(SpanF1, row, "a")
				if c.Used != tc.used || !strings.Contains(c.Note, tc.meanNote) || tc.forbidden != "" && strings.Contains(c.Note, tc.forbidden) {
					t.Errorf("%s: over %d datasets, note %q, want %d, %q", row, c.Used, c.Note, tc.used, tc.meanNote)
				}
				if row == MeanRows && Percent(c.Value) != tc.mean {
					t.Errorf("mean %s, want %s", Percent(c.Value), tc.mean)
				}
			}
			kept, left := Poolable(tc.results)
			if len(kept)+len(left) != len(tc.results) {
				t.Errorf("%d runs are kept and %d left out, of %d", len(kept), len(left), len(tc.results))
			}
			if fits := slices.ContainsFunc(left, func(r Result) bool { return r.Keys[KeyDataset] == "stars" }); fits != strings.Contains(tc.meanNote, "left out: stars") {
				t.Errorf("left out are %v, the mean has %q", left, tc.meanNote)
			}
		})
	}
}

// TestPartsInEveryForm: each form has the number of passages of incomplete runs and of
// runs with a limit. Datasets with the same limit have one mark.
func TestPartsInEveryForm(t *testing.T) {
	plants := first(result("a", "plants", 1, 2, 2), "5", 5)
	plants.SplitPassages = 300
	table := build(t, []Result{
		first(result("a", "stars", 1, 2, 2), "5", 5), plants, incomplete(result("a", "courts", 1, 2, 2), 3),
	}, Spec{Benchmark: benchmark()})
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := table.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		want := []string{"first 5 of 100 passages", "incomplete: 3 of 100 passages", "first 5 passages of each dataset"}
		if format != "csv" && format != "json" {
			want[0] = "(a) first 5 of 100 passages (stars), of 300 (plants)"
		}
		if format == "latex" {
			want[0] = `\textsuperscript{a}first 5 of 100 passages (stars), of 300 (plants)`
		}
		text := strings.NewReplacer(`\_`, "_").Replace(b.String())
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", format, w, text)
			}
		}
	}
}

// TestSeenRun: the value of a run has one mark, for its passages and for what its model has
// seen in training.
func TestSeenRun(t *testing.T) {
	half := 0.5
	for _, tc := range []struct {
		seen     bool
		complete int
		want     string
	}{
		{false, 100, ""},
		{true, 100, "seen in training"},
		{false, 40, "incomplete: 40 of 100 passages"},
		{true, 40, "incomplete: 40 of 100 passages; seen in training"},
	} {
		r := result("student", "stars", 1, 2, 2)
		r.Seen, r.Complete = tc.seen, tc.complete
		var marks Marks
		value, text := r.Coverage().Print(&half, r.Seen, &marks), "50.0"
		if tc.want != "" {
			text += " (a)"
		}
		if value != text || r.Note() != tc.want || strings.Join(marks.Notes(), "") != strings.TrimSpace(strings.TrimPrefix(text, "50.0")+" "+tc.want) {
			t.Errorf("%v: %s, notes %q, note %q", tc, value, marks.Notes(), r.Note())
		}
	}
}
