package metrics_test

import (
	"encoding/json"
	"math"
	"testing"

	"nerbench/internal/reference"
	"nerbench/metrics"
	"nerbench/ner"
)

// vectorFile is the common structure of all files of vectors. Outcomes of the
// corpus are for all its cases, so that a slice has none.
type vectorFile[C any] struct {
	Corpus *struct {
		Expected json.RawMessage `json:"expected"`
	} `json:"corpus"`
	Cases []C `json:"cases"`
}

// readVectors reads a file of vectors.
func readVectors[C any](t testing.TB, set reference.Set, name string) vectorFile[C] {
	t.Helper()
	var f vectorFile[C]
	set.Read(t, &f, "vectors", name)
	if len(f.Cases) == 0 {
		t.Fatalf("%s: no cases", name)
	}
	return f
}

// decodeVector decodes a part of a vector whose structure depends on the case.
func decodeVector(t testing.TB, data json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// expectedTally is the outcome of a strict comparison in the vectors.
type expectedTally struct {
	TP        int                       `json:"tp"`
	NPred     int                       `json:"n_pred"`
	NGold     int                       `json:"n_gold"`
	Precision float64                   `json:"precision"`
	Recall    float64                   `json:"recall"`
	F1        float64                   `json:"f1"`
	PerType   map[ner.EntityType][3]int `json:"per_type"`
	TypeMacro *float64                  `json:"type_macro_f1"`
}

func (e expectedTally) check(t testing.TB, got metrics.Tally) {
	t.Helper()
	total := got.Total()
	if want := (ner.Score{TP: e.TP, NPred: e.NPred, NGold: e.NGold}); total != want {
		t.Errorf("counts are %+v, want %+v", total, want)
	}
	r := metrics.FromCounts(total)
	near(t, "precision", r.Precision.Value, e.Precision)
	near(t, "recall", r.Recall.Value, e.Recall)
	near(t, "f1", r.F1.Value, e.F1)
	if len(got) != len(e.PerType) {
		t.Errorf("types are %v, want %v", got, e.PerType)
	}
	for typ, n := range e.PerType {
		if want := (ner.Score{TP: n[0], NPred: n[1], NGold: n[2]}); got[typ] != want {
			t.Errorf("type %q: counts are %+v, want %+v", typ, got[typ], want)
		}
	}
	nearOrNull(t, "type_macro_f1", got, e.TypeMacro)
}

func nearOrNull(t testing.TB, what string, got metrics.Tally, want *float64) {
	t.Helper()
	macro, defined := got.TypeMacro()
	if defined != (want != nil) {
		t.Errorf("%s: defined is %v, want %v", what, defined, want != nil)
	}
	if want != nil {
		near(t, what, macro, *want)
	}
}

// near compares floats with the tolerance of the vectors: |d| <= 1e-12.
func near(t testing.TB, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
