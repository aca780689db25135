package compare

import (
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
)

// Outcome is the comparison on one dataset, on one type, or on average.
type Outcome struct {
	A          metrics.Figures `json:"a"`
	B          metrics.Figures `json:"b"`
	Difference float64         `json:"difference"` // of F1, A − B, from −1 to 1
	CI         *[2]float64     `json:"ci"`         // 95 % interval of the difference
	P          float64         `json:"p"`
	PAdjusted  float64         `json:"p_adjusted"` // by Holm, over the family of tests
	Exact      bool            `json:"exact"`      // all swaps were tried
	// Tried is the number of swaps. Count of them gave a difference at least as large.
	Count    int `json:"count_abs_ge"`
	Tried    int `json:"swaps"`
	Passages int `json:"passages"`
}

func (s Settings) test(m metrics.Metric, datasets []stats.Dataset) Outcome {
	var t stats.Test
	if s.Rounds > 0 {
		t = stats.Randomise(datasets, s.Rounds)
	} else {
		t = stats.Compare(datasets)
	}
	var a, b ner.Score
	passages := 0
	for _, d := range datasets {
		a, b = a.Add(ner.Sum(d.A)), b.Add(ner.Sum(d.B))
		passages += len(d.A)
	}
	out := Outcome{
		A: metrics.NewFigures(m, a), B: metrics.NewFigures(m, b), Passages: passages,
		Difference: t.Difference, P: t.P, PAdjusted: t.P, Exact: t.Exact, Count: t.Count, Tried: t.Tried,
	}
	if s.Resamples > 0 {
		out.bound(stats.BootstrapPair(datasets, s.Resamples))
	}
	return out
}

// bound sets the intervals.
func (o *Outcome) bound(i stats.Intervals) {
	o.CI = &[2]float64{i.Difference.Low, i.Difference.High}
	o.A.CI, o.B.CI = &[2]float64{i.A.Low, i.A.High}, &[2]float64{i.B.Low, i.B.High}
}

// adjust corrects the p values of a family by Holm.
func adjust(outcomes []Outcome) {
	p := make([]float64, len(outcomes))
	for i, o := range outcomes {
		p[i] = o.P
	}
	for i, adjusted := range stats.Holm(p) {
		outcomes[i].PAdjusted = adjusted
	}
}
