package metrics

import "nerbench/ner"

// Ratio is a quotient of counts. If it is undefined, its value is 0
// (docs/spec/metrics.md §1.2); exports write null, and averages leave it out.
type Ratio struct {
	Value   float64
	Defined bool
}

// Ratios are precision, recall and F1 computed from counts.
type Ratios struct {
	Precision, Recall, F1 Ratio
}

// FromCounts computes the ratios (docs/spec/metrics.md §1.1): F1 is
// 2·tp/(n_pred+n_gold).
func FromCounts(s ner.Score) Ratios {
	var r Ratios
	r.Precision.Value, r.Precision.Defined = s.Precision()
	r.Recall.Value, r.Recall.Defined = s.Recall()
	r.F1.Value, r.F1.Defined = s.F1()
	return r
}

// WithEpsilon evaluates the formulas of the UniversalNER paper's scorer exactly as
// written, in binary64 and from left to right (docs/spec/metrics.md §3.4), since
// published scores are computed with them. No ratio is undefined: a perfect run has
// 0.9999999999, and no predictions with no gold have 0.
func WithEpsilon(s ner.Score) Ratios {
	return withEpsilon(float64(s.TP), s.NPred, s.NGold)
}

func withEpsilon(tp float64, nPred, nGold int) Ratios {
	const epsilon = 1e-10
	precision := tp / (float64(nPred) + epsilon)
	recall := tp / (float64(nGold) + epsilon)
	f1 := 2 * precision * recall / (precision + recall + epsilon)
	return Ratios{Ratio{precision, true}, Ratio{recall, true}, Ratio{f1, true}}
}

// OrZero is [FromCounts] for the presets of other systems, which print 0 for an
// undefined ratio (docs/spec/metrics.md §1.2, §9).
func OrZero(s ner.Score) Ratios {
	r := FromCounts(s)
	for _, ratio := range []*Ratio{&r.Precision, &r.Recall, &r.F1} {
		ratio.Defined = true
	}
	return r
}
