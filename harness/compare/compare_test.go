package compare_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"nerbench/harness/compare"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
)

var settings = compare.Settings{Alpha: compare.Significant}

func TestSettingsCheck(t *testing.T) {
	for _, tc := range []struct {
		name     string
		settings compare.Settings
		want     string // empty: in range
	}{
		{"zero", compare.Settings{}, ""},
		{"all", compare.Settings{Resamples: 1000, Rounds: 99, Alpha: 1, Margin: 100}, ""},
		{"resamples", compare.Settings{Resamples: -1}, "-1 resamples"},
		{"rounds", compare.Settings{Rounds: -1}, "-1 rounds"},
		{"alpha", compare.Settings{Alpha: 1.1}, "alpha 1.1"},
		{"alpha not a number", compare.Settings{Alpha: math.NaN()}, "alpha NaN"},
		{"margin", compare.Settings{Margin: -1}, "margin -1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.settings.Check()
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if !errors.As(err, new(*fault.UsageError)) || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

// passage returns a passage with two gold entities, of which some are predicted.
func passage(m metrics.Metric, document string, found ...ner.Span) compare.Passage {
	gold := []ner.Span{{Start: 0, End: 4, Type: "person"}, {Start: 9, End: 13, Type: "city"}}
	return compare.NewPassage(m, document, &metrics.Passage{Text: "Zoë saw Oslo", Gold: gold, Pred: found})
}

func dataset(t *testing.T, name string, passages int) *compare.Dataset {
	t.Helper()
	m, known := metrics.Find("span_f1")
	if !known {
		t.Fatal("span_f1 is unknown")
	}
	d := &compare.Dataset{Name: name, Metric: m, Passages: passages}
	for i := range passages { // A finds both, B the person
		id := fmt.Sprint(name, i)
		d.Add(passage(m, id, ner.Span{Start: 0, End: 4, Type: "person"}, ner.Span{Start: 9, End: 13, Type: "city"}), passage(m, id, ner.Span{Start: 0, End: 4, Type: "person"}))
	}
	return d
}

func TestComparison(t *testing.T) {
	c := compare.New("span_f1", []*compare.Dataset{dataset(t, "x", 8), dataset(t, "y", 2)}, settings)
	if a, b := c.Means(); a != 1 || math.Abs(b-2./3) > 1e-12 {
		t.Errorf("means are %v and %v", a, b)
	}
	if exact, tried := c.Exact(); !exact || tried != 256 {
		t.Errorf("exact %v, %d swaps", exact, tried)
	}
	city := c.Types[0]["city"]
	if city.A.TP != 8 || city.B.TP != 0 || city.Difference != 1 {
		t.Errorf("city is %+v", city)
	}
	flips, known := c.Flips()
	if n := compare.CountFlips(flips); !known || n != (compare.FlipCounts{OnlyA: 10}) {
		t.Errorf("flips are %+v, known %v", n, known)
	}
	if f := flips[0]; f.Found != "a" || f.Text != "Oslo" || *f.Start != 8 || *f.End != 12 {
		t.Errorf("the first flip is %+v", f)
	}
	// The 8 passages of x differ significantly, the 2 of y do not.
	worse := c.Regressions(settings)
	if names := []string{worse[0].Dataset, fmt.Sprint(worse[len(worse)-1].Average)}; len(worse) != 2 || !slices.Equal(names, []string{"x", "true"}) {
		t.Errorf("regressions are %+v", worse)
	}
	if worse := c.Regressions(compare.Settings{Alpha: compare.Significant, Margin: 50}); worse != nil {
		t.Errorf("regressions beyond the margin are %+v", worse)
	}
}

// TestCountsOnly checks that a comparison of counts has no types and no flips.
func TestCountsOnly(t *testing.T) {
	d := dataset(t, "x", 2)
	d = &compare.Dataset{Name: d.Name, Metric: d.Metric, Passages: 2, A: d.A, B: d.B, CountsOnly: true}
	c := compare.New("span_f1", []*compare.Dataset{d}, settings)
	if flips, known := c.Flips(); known || flips != nil || c.Types[0] != nil {
		t.Errorf("flips are %v, types %v", flips, c.Types)
	}
	text, err := json.Marshal(c.Report(-1))
	if err != nil || !strings.Contains(string(text), `"flips":null`) {
		t.Errorf("report is %s, %v", text, err)
	}
}

func TestReport(t *testing.T) {
	for _, tc := range []struct {
		name   string
		report func(*compare.Comparison) compare.Report
		want   []string // members
		absent []string
	}{
		{"runs", func(c *compare.Comparison) compare.Report { return c.Report(1) }, []string{`"rows":[{"row":"x"`, `"metric":"span_f1"`}, []string{"mean_rows"}},
		{"files", func(c *compare.Comparison) compare.Report { return c.FilesReport(1) }, []string{`"by_type":{"city"`, `"flipped":[{"found":"a"`}, []string{`"rows"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, err := json.Marshal(tc.report(compare.New("span_f1", []*compare.Dataset{dataset(t, "x", 3)}, settings)))
			if err != nil {
				t.Fatal(err)
			}
			for _, member := range tc.want {
				if !strings.Contains(string(text), member) {
					t.Errorf("%s is not in %s", member, text)
				}
			}
			for _, member := range tc.absent {
				if strings.Contains(string(text), member) {
					t.Errorf("%s is in %s", member, text)
				}
			}
			if n := strings.Count(string(text), `"found"`); n != 1 {
				t.Errorf("%d flips are listed, want 1", n)
			}
		})
	}
}

func TestFirstFlips(t *testing.T) {
	flips := []compare.Flip{{Found: "a", Text: "1"}, {Found: "a", Text: "2"}, {Found: "b", Text: "3"}}
	for n, want := range map[int]string{-1: "123", 0: "", 1: "13", 9: "123"} {
		var got strings.Builder
		for _, f := range compare.FirstFlips(flips, n) {
			got.WriteString(f.Text)
		}
		if got.String() != want {
			t.Errorf("the first %d of each side are %q, want %q", n, got.String(), want)
		}
	}
}
