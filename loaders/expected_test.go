package loaders_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"testing"
	"unicode/utf8"

	"nerbench/datasets"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// expectedSet is one set of real files in the reference.
type expectedSet struct {
	Set, Family string
	Splits      map[ner.Split]expectedSplit
}

type expectedSplit struct {
	Units, Tokens, Spans int
	ByType               map[ner.EntityType]int `json:"by_type"`
	ByLabel              map[string]int         `json:"by_label"`
	Dropped              map[string]int
	UnitsWithoutSpans    int `json:"units_without_spans"`
	Duplicates           int `json:"duplicates_removed"`
	Discontinuous        int
	Checks               map[string]any `json:"checks"`
	SpansSHA256          string         `json:"spans_sha256"`
	TextsSHA256          string         `json:"texts_sha256"`
	First, Last          expectedUnit
	Files                []struct {
		Path   string
		Bytes  int64
		SHA256 string
	}
}

type expectedUnit struct {
	Index      int
	Length     int
	Text       *string
	SpansTotal int `json:"spans_total"`
	Spans      []expectedSpan
}

type expectedSpan struct {
	Start, End int
	Type       ner.EntityType
	Text       string
}

// checkedRepairs are the kinds of repairs that the reference also counts, by its
// names.
var checkedRepairs = map[string]string{
	"orphan_i":                    "orphan_i",
	"text_mismatch":               "text_mismatch",
	"relation_lines":              "relation_lines",
	"cons_of_other_classes":       "other_classes",
	"cons_without_sem":            "without_class",
	"coordinated_cons_skipped":    "coordinations",
	"passage_offset_differs":      "passage_offset",
	"individual_mentions_skipped": "skipped_annotations",
	"gene_lines_without_sentence": "mentions_without_sentence",
}

// referenceFile decodes a JSON file of the reference.
func referenceFile(t testing.TB, into any, elem ...string) {
	t.Helper()
	data, err := os.ReadFile(reference.Path(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// eachRealSplit calls f for each split of real files with a loader for its family.
func eachRealSplit(t *testing.T, f func(t *testing.T, data fs.FS, dataset *datasets.Dataset, o loaders.Options, want expectedSplit)) {
	t.Helper()
	var expected struct {
		Rows map[string]struct{ Sets []expectedSet }
	}
	referenceFile(t, &expected, "benchmark", "expected.json")
	data := os.DirFS(reference.Path(t, "data"))
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range slices.Sorted(maps.Keys(expected.Rows)) {
		dataset, err := datasets.Find(ds, id)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, set := range expected.Rows[id].Sets {
			if !slices.Contains(loaders.Families(), set.Family) {
				continue
			}
			for split, want := range set.Splits {
				t.Run(fmt.Sprintf("%s/%s/%s", id, set.Set, split), func(t *testing.T) {
					t.Parallel()
					f(t, data, dataset, loaders.Options{Set: set.Set, Split: split}, want)
				})
			}
		}
	}
}

// TestRealFiles compares every loader with the counts and fingerprints of the
// reference, and checks the properties of docs/spec/metrics.md §13 that need only
// documents.
func TestRealFiles(t *testing.T) {
	eachRealSplit(t, func(t *testing.T, data fs.FS, dataset *datasets.Dataset, o loaders.Options, want expectedSplit) {
		docs, tally, err := loaders.Documents(t.Context(), data, dataset, o)
		if err != nil {
			t.Fatal(err)
		}
		fingerprint := loaders.NewFingerprint()
		without, index := 0, 0
		perfect := metrics.NewCounts()
		for d, err := range docs {
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Check(false); err != nil {
				t.Fatal(err)
			}
			if len(d.Spans) == 0 {
				without++
			}
			for _, unit := range []expectedUnit{want.First, want.Last} {
				if unit.Index == index {
					checkUnit(t, d, unit)
				}
			}
			fingerprint.Add(d)
			perfect.Merge(metrics.Count(metrics.SpanF1, &metrics.Passage{Text: d.Text, Gold: d.Spans, Pred: d.Spans}))
			index++
		}
		got := fingerprint.Lock()
		equal(t, "units", got.Documents, want.Units)
		equal(t, "tokens", got.Tokens, want.Tokens)
		equal(t, "spans", got.Spans, want.Spans)
		equal(t, "units without spans", without, want.UnitsWithoutSpans)
		equal(t, "duplicates", tally.Duplicates, want.Duplicates)
		equalMaps(t, "by type", got.ByType, want.ByType)
		if want.ByLabel != nil {
			equalMaps(t, "by label", tally.ByLabel, want.ByLabel)
		}
		equalMaps(t, "dropped", tally.Dropped, want.Dropped)
		for check, kind := range checkedRepairs {
			if set, err := dataset.Set(o.Set); err != nil || check == "text_mismatch" && set.Family == "brat" {
				continue // docs/spec/formats.md: the text of brat's mentions is not used
			}
			if n, ok := want.Checks[check].(float64); ok {
				equal(t, check, tally.Repairs[kind], int(n))
			}
		}
		equal(t, "discontinuous", tally.Repairs["discontinuous"], want.Discontinuous)
		equal(t, "texts_sha256", got.TextsSHA256, want.TextsSHA256)
		equal(t, "spans_sha256", got.SpansSHA256, want.SpansSHA256)
		if s := perfect.ByType.Total(); s.TP != want.Spans || s.NPred != want.Spans || s.NGold != want.Spans {
			t.Errorf("gold as prediction counts %+v, want %d of each", s, want.Spans)
		}
	})
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func equalMaps[K ~string](t *testing.T, what string, got, want map[K]int) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func checkUnit(t *testing.T, d *ner.Document, want expectedUnit) {
	t.Helper()
	equal(t, fmt.Sprintf("unit %d: length", want.Index), utf8.RuneCountInString(d.Text), want.Length)
	if want.Text != nil && d.Text != *want.Text {
		t.Errorf("unit %d is %q, want %q", want.Index, d.Text, *want.Text)
	}
	equal(t, fmt.Sprintf("unit %d: spans", want.Index), len(d.Spans), want.SpansTotal)
	points := ner.NewCodePoints(d.Text)
	for _, w := range want.Spans {
		found := slices.ContainsFunc(d.Spans, func(s ner.Span) bool {
			return points.CodePoint(s.Start) == w.Start && points.CodePoint(s.End) == w.End && s.Type == w.Type && d.Surface(s) == w.Text
		})
		if !found {
			t.Errorf("unit %d: span %+v not found in %+v", want.Index, w, d.Spans)
		}
	}
}
