package metrics_test

import (
	"encoding/json"
	"testing"

	"nerbench/internal/reference"
	"nerbench/metrics"
	"nerbench/ner"
)

// stringCase is a case of uniner_answers.json, or of kind uniner in handmade.json.
// It contains the answers parsed by the official parser, so that counting is tested
// separately.
type stringCase struct {
	Kind     string
	Name     string
	Expected json.RawMessage // the structure depends on the kind
}

type expectedStrings struct {
	ParsePred [][]string `json:"parse_pred"`
	ParseGold [][]string `json:"parse_gold"`
	UniNER    struct {
		TP                    int
		NPred                 int `json:"n_pred"`
		NGold                 int `json:"n_gold"`
		Precision, Recall, F1 float64
	} `json:"uniner"`
	Partial struct {
		Exact, Half           int
		NPred                 int `json:"n_pred"`
		NGold                 int `json:"n_gold"`
		Precision, Recall, F1 float64
	} `json:"paper_partial"`
}

// TestStringVectors compares the counts and formulas of docs/spec/metrics.md §3.4
// and the partial match of §3.8 with the vectors.
func TestStringVectors(t *testing.T) { reference.EachSet(t, stringVectors) }

func stringVectors(t *testing.T, set reference.Set) {
	for _, c := range readVectors[stringCase](t, set, "uniner_answers.json").Cases {
		t.Run(c.Name, func(t *testing.T) { checkStrings(t, c) })
	}
}

func TestHandmadeStrings(t *testing.T) { reference.EachSet(t, handmadeStrings) }

func handmadeStrings(t *testing.T, set reference.Set) {
	n := 0
	for _, c := range readVectors[stringCase](t, set, "handmade.json").Cases {
		if c.Kind == "uniner" {
			n++
			t.Run(c.Name, func(t *testing.T) { checkStrings(t, c) })
		}
	}
	if n == 0 {
		t.Fatal("no cases of kind uniner")
	}
}

func checkStrings(t *testing.T, c stringCase) {
	var want expectedStrings
	decodeVector(t, c.Expected, &want)
	p := &metrics.Passage{}
	for i := range want.ParsePred {
		p.Published = append(p.Published, metrics.Strings{Type: "t", Pred: want.ParsePred[i], Gold: want.ParseGold[i]})
	}
	score := metrics.Count(metrics.UniNERF1, p).ByType.Total()
	if u := want.UniNER; score != (ner.Score{TP: u.TP, NPred: u.NPred, NGold: u.NGold}) {
		t.Errorf("counts are %+v, want %+v", score, u)
	}
	// The comparison is exact, since published scores are computed with these
	// formulas.
	r, u := metrics.WithEpsilon(score), want.UniNER
	if r.Precision.Value != u.Precision || r.Recall.Value != u.Recall || r.F1.Value != u.F1 {
		t.Errorf("ratios are %v, want %+v", r, u)
	}
	partial, w := metrics.Count(metrics.PaperPartialF1, p).ByType.Total(), want.Partial
	if partial != (ner.Score{TP: 2*w.Exact + w.Half, NPred: 2 * w.NPred, NGold: 2 * w.NGold}) {
		t.Errorf("partial counts are %+v, want twice %+v", partial, w)
	}
	r = metrics.HalfWithEpsilon(partial)
	if r.Precision.Value != w.Precision || r.Recall.Value != w.Recall || r.F1.Value != w.F1 {
		t.Errorf("partial ratios are %v, want %+v", r, w)
	}
}
