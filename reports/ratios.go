package reports

import (
	"math/big"
	"strconv"

	"nerbench/ner"
)

// Ratios computes precision, recall and F1 of the counts of a metric; nil is an
// undefined ratio. Most metrics use [FromCounts]; a metric with a formula of its own
// (docs/spec/metrics.md §3.4) or with half points needs another function.
type Ratios func(metric string, s ner.Score) (p, r, f1 *float64)

// FromCounts computes the ratios of docs/spec/metrics.md §1.1.
func FromCounts(_ string, s ner.Score) (p, r, f1 *float64) {
	return defined(s.Precision()), defined(s.Recall()), defined(s.F1())
}

func defined(v float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &v
}

// PrintedCounts returns the counts as reports print them. Metrics with half points
// store doubled counts, which are halved here (docs/spec/metrics.md §1.1).
func PrintedCounts(s ner.Score, doubled bool) (tp float64, pred, gold int) {
	if doubled {
		return float64(s.TP) / 2, s.NPred / 2, s.NGold / 2
	}
	return float64(s.TP), s.NPred, s.NGold
}

// Undefined is printed for a number that does not exist, such as an undefined ratio
// (docs/spec/metrics.md §1.2).
const Undefined = "–"

// Percent prints a ratio as a percentage with one decimal, rounded once, half
// away from zero (docs/spec/metrics.md §1.1); nil prints as
// [Undefined].
//
// It rounds the shortest decimal that parses as v, not the binary value:
// 861/2000 = 0.4305 is 43.1 %, although the nearest binary64 lies below it.
func Percent(v *float64) string {
	if v == nil {
		return Undefined
	}
	r, ok := decimal(*v)
	if !ok {
		return Undefined
	}
	return r.Mul(r, hundred).FloatString(1)
}

// Points prints a difference of ratios in percentage points, rounded as [Percent]
// does. It has a sign unless it prints as 0.0.
func Points(d *float64) string {
	switch s := Percent(d); {
	case s == "-0.0":
		return "0.0"
	case d == nil || *d < 0 || s == "0.0" || s == Undefined:
		return s
	default:
		return "+" + s
	}
}

// Share prints a part of n as a percentage. A part above 0 prints as "<0.1" and never
// as 0.0.
func Share(part, n int) string {
	if n == 0 {
		return Undefined
	}
	v := float64(part) / float64(n)
	s := Percent(&v)
	if part > 0 && s == "0.0" {
		return "<0.1"
	}
	return s
}

// InPercent returns a ratio times 100, for the values of a [Figure]. The product is
// exact in decimals: 0.5695 is 56.95, where the binary product is less and would be
// rounded down.
func InPercent(v float64) float64 {
	r, ok := decimal(v)
	if !ok {
		return v
	}
	f, _ := r.Mul(r, hundred).Float64()
	return f
}

// FromPercent returns a percentage divided by 100, exact in decimals.
func FromPercent(v float64) float64 {
	r, ok := decimal(v)
	if !ok {
		return v
	}
	f, _ := r.Quo(r, hundred).Float64()
	return f
}

// OneDecimal prints a number that is in percent, rounded as [Percent] does.
func OneDecimal(v float64) string {
	r, ok := decimal(v)
	if !ok {
		return Undefined
	}
	return r.FloatString(1)
}

// decimal is the shortest decimal that parses as v; false if v is infinite or not a
// number.
func decimal(v float64) (*big.Rat, bool) {
	return new(big.Rat).SetString(strconv.FormatFloat(v, 'g', -1, 64))
}

// hundred is never written to.
var hundred = big.NewRat(100, 1)

// mean is the unweighted mean of unrounded values; nil without values.
func mean(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	m := sum / float64(len(values))
	return &m
}
