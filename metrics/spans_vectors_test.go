package metrics_test

import (
	"encoding/json"
	"strings"
	"testing"

	"nerbench/internal/reference"
	"nerbench/metrics"
	"nerbench/ner"
)

// spanCase is a case of spans_*.json, or of kind spans in handmade.json.
type spanCase struct {
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`
	Gold     json.RawMessage `json:"gold"` // the structure depends on the kind
	Pred     json.RawMessage `json:"pred"`
	Expected json.RawMessage `json:"expected"`
}

type expectedSpans struct {
	Strict     expectedTally
	Duplicates struct{ Gold, Pred int }
	Taxonomy   struct {
		C, T, B, BT, MIS, SPU int
		MISOverlapped         int `json:"MIS_overlapped"`
		SPUOverlapping        int `json:"SPU_overlapping"`
	}
	SemEval map[string]struct {
		metrics.SemEval
		Possible, Actual      int
		Precision, Recall, F1 float64
	}
}

// span is written [start, end, type] in the vectors.
type span ner.Span

func (s *span) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[3]any{&s.Start, &s.End, &s.Type})
}

// TestSpanVectors compares strict spans (docs/spec/metrics.md §2), the taxonomy
// (§5) and the SemEval-2013 schemes (§6) with the vectors.
func TestSpanVectors(t *testing.T) { reference.EachSet(t, spanVectors) }

func spanVectors(t *testing.T, set reference.Set) {
	for _, name := range []string{"spans_flat.json", "spans_nested.json"} {
		t.Run(name, func(t *testing.T) {
			f := readVectors[spanCase](t, set, name)
			corpus, errors := metrics.NewCounts(), metrics.NewTaxonomy()
			for _, c := range f.Cases {
				t.Run(c.Name, func(t *testing.T) {
					counts, taxonomy := checkSpans(t, c)
					corpus.Merge(counts)
					errors.Merge(taxonomy)
				})
			}
			if !set.Whole {
				return
			}
			var want expectedSpans
			decodeVector(t, f.Corpus.Expected, &want)
			want.check(t, corpus, errors)
		})
	}
}

func TestHandmadeSpans(t *testing.T) { reference.EachSet(t, handmadeSpans) }

func handmadeSpans(t *testing.T, set reference.Set) {
	n := 0
	for _, c := range readVectors[spanCase](t, set, "handmade.json").Cases {
		if c.Kind == "spans" {
			n++
			t.Run(c.Name, func(t *testing.T) { checkSpans(t, c) })
		}
	}
	if n == 0 {
		t.Fatal("no cases of kind spans")
	}
}

func checkSpans(t *testing.T, c spanCase) (metrics.Counts, metrics.Taxonomy) {
	var gold, pred [][]span
	decodeVector(t, c.Gold, &gold)
	decodeVector(t, c.Pred, &pred)
	var want expectedSpans
	decodeVector(t, c.Expected, &want)
	if len(gold) != len(pred) {
		t.Fatalf("%d documents of gold, %d of prediction", len(gold), len(pred))
	}
	counts, taxonomy := metrics.NewCounts(), metrics.NewTaxonomy()
	for i := range gold {
		p := passage(gold[i], pred[i])
		counts.Merge(metrics.Count(metrics.SpanF1, p))
		taxonomy.Merge(metrics.Classify(p))
	}
	want.check(t, counts, taxonomy)
	return counts, taxonomy
}

// passage makes a passage of spans whose offsets count tokens: each token is one
// byte of its text.
func passage(gold, pred []span) *metrics.Passage {
	p := &metrics.Passage{}
	length := 0
	for _, s := range gold {
		p.Gold = append(p.Gold, ner.Span(s))
		length = max(length, s.End)
	}
	for _, s := range pred {
		p.Pred = append(p.Pred, ner.Span(s))
		length = max(length, s.End)
	}
	p.Text = strings.Repeat("x", length)
	return p
}

func (e expectedSpans) check(t testing.TB, got metrics.Counts, taxonomy metrics.Taxonomy) {
	t.Helper()
	e.Strict.check(t, got.ByType)
	if got.DuplicateGold != e.Duplicates.Gold || got.DuplicatePred != e.Duplicates.Pred {
		t.Errorf("duplicates are %d and %d, want %+v", got.DuplicateGold, got.DuplicatePred, e.Duplicates)
	}
	if got.BadOffsets != 0 {
		t.Errorf("bad_offsets is %d, want 0", got.BadOffsets)
	}
	total := taxonomy.Total()
	if want := metrics.Errors(e.Taxonomy); total != want {
		t.Errorf("taxonomy is %+v, want %+v", total, want)
	}
	if len(e.SemEval) != len(metrics.SemEvalSchemes) {
		t.Errorf("%d schemes in the vectors, %d in the table", len(e.SemEval), len(metrics.SemEvalSchemes))
	}
	for _, scheme := range metrics.SemEvalSchemes {
		want, got := e.SemEval[scheme.Name], scheme.Count(total)
		if got != want.SemEval || got.Possible() != want.Possible || got.Actual() != want.Actual {
			t.Errorf("semeval %s is %+v, want %+v", scheme.Name, got, want)
		}
		r := metrics.FromCounts(got.Score())
		near(t, "semeval precision", r.Precision.Value, want.Precision)
		near(t, "semeval recall", r.Recall.Value, want.Recall)
		near(t, "semeval f1", r.F1.Value, want.F1)
	}
}
