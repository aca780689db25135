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
	if a, b := c.Means(); *a != 1 || math.Abs(*b-2./3) > 1e-12 {
		t.Errorf("means are %v and %v", *a, *b)
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

// TestMeanSkipsDatasetsWithoutGold checks that the mean gives each dataset with gold the
// same weight, whatever its size, and leaves out the others
// (docs/spec/metrics.md §10.1, §10.4).
func TestMeanSkipsDatasetsWithoutGold(t *testing.T) {
	large, small := dataset(t, "large", 30), dataset(t, "small", 1)
	without := &compare.Dataset{Name: "without", Metric: large.Metric, Passages: 1}
	wrong := ner.Span{Start: 0, End: 4, Type: "person"}
	without.Add(compare.NewPassage(large.Metric, "w", &metrics.Passage{Text: "Zoë saw Oslo", Pred: []ner.Span{wrong}}),
		compare.NewPassage(large.Metric, "w", &metrics.Passage{Text: "Zoë saw Oslo"}))
	c := compare.New("span_f1", []*compare.Dataset{large, small, without}, settings)
	a, b := c.Means()
	if c.Used != 2 || a == nil || *a != 1 || math.Abs(*b-2./3) > 1e-12 || math.Abs(c.Whole.Difference-(*a-*b)) > 1e-12 || c.Whole.Passages != 31 {
		t.Errorf("means are %v and %v over %d datasets, the whole is %+v", a, b, c.Used, c.Whole)
	}
	r := c.Report(0)
	if r.Used != 2 || r.Total != 3 || len(r.Datasets) != 3 {
		t.Errorf("report has %d of %d datasets, %d rows", r.Used, r.Total, len(r.Datasets))
	}
	c = compare.New("span_f1", []*compare.Dataset{without, without}, compare.Settings{Alpha: 0.05, Resamples: 1000})
	if a, b := c.Means(); a != nil || b != nil || c.Used != 0 || c.Whole.Difference != 0 || c.Regressions(settings) != nil {
		t.Errorf("means without gold are %v and %v: %+v", a, b, c.Whole)
	}
	if _, err := json.Marshal(c.Report(-1)); err != nil {
		t.Error(err)
	}
}

// TestSpurious checks that wrong predictions of one system are flips, and that types
// without gold have no outcome.
func TestSpurious(t *testing.T) {
	span := func(start, end int, typ ner.EntityType) ner.Span { return ner.Span{Start: start, End: end, Type: typ} }
	gold := []ner.Span{span(0, 4, "person")}
	texts := []string{"Zoë saw Oslo"}
	for _, tc := range []struct {
		metric string
		a, b   metrics.Passage
		want   string // spurious flips
		left   string // types without support
	}{
		{
			"span_f1",
			metrics.Passage{Pred: []ner.Span{span(0, 4, "person"), span(9, 13, "ship"), span(9, 13, "ship"), span(5, 8, "person")}, Unaligned: []ner.Mention{{Text: "Bergen", Type: "ship"}}},
			metrics.Passage{Pred: []ner.Span{span(5, 8, "person"), span(5, 99, "person")}},
			"a ship Bergen, a ship Oslo 8-12, b person  5-99", "ship",
		},
		{
			"uniner_f1",
			metrics.Passage{Published: []metrics.Strings{{Type: "person", Gold: []string{"zoë"}, Pred: []string{"zoë", "oslo"}}, {Type: "ship", Pred: []string{"oslo"}}}},
			metrics.Passage{Published: []metrics.Strings{{Type: "person", Gold: []string{"zoë"}, Pred: []string{"oslo"}}}},
			"a ship oslo", "ship",
		},
	} {
		t.Run(tc.metric, func(t *testing.T) {
			m, _ := metrics.Find(tc.metric)
			for _, p := range []*metrics.Passage{&tc.a, &tc.b} {
				p.Text, p.Gold = texts[0], gold
			}
			d := &compare.Dataset{Name: "x", Metric: m, Passages: 1}
			d.Add(compare.NewPassage(m, "x1", &tc.a), compare.NewPassage(m, "x1", &tc.b))
			c := compare.New(tc.metric, []*compare.Dataset{d}, settings)
			flips, _ := c.Flips()
			var got []string
			for _, f := range flips {
				if f.Spurious == "" {
					continue
				}
				text := fmt.Sprintf("%s %s %s", f.Spurious, f.Type, f.Text)
				if f.Start != nil {
					text += fmt.Sprintf(" %d-%d", *f.Start, *f.End)
				}
				got = append(got, text)
			}
			if strings.Join(got, ", ") != tc.want {
				t.Errorf("spurious flips are %q, want %q", strings.Join(got, ", "), tc.want)
			}
			if n := compare.CountFlips(flips); n.OnlyA != 1 || n.OnlyB != 0 || n.SpuriousA+n.SpuriousB != len(got) {
				t.Errorf("flips are %+v", n)
			}
			if _, there := c.Types[0]["ship"]; there || fmt.Sprint(d.WithoutSupport()) != "["+tc.left+"]" {
				t.Errorf("types are %v, without support %v", c.Types[0], d.WithoutSupport())
			}
			r := c.Report(-1).Datasets[0]
			if len(r.Flipped) != 1 || len(r.Spurious) != len(got) || fmt.Sprint(r.WithoutSupport) != "["+tc.left+"]" {
				t.Errorf("report has %d flips, %d spurious, without support %v", len(r.Flipped), len(r.Spurious), r.WithoutSupport)
			}
		})
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
