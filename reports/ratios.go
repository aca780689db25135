package reports

import (
	"math/big"
	"strconv"

	"nerbench/ner"
)

// Ratios turns the counts of a metric into precision, recall and F1; nil is an
// undefined ratio. Most metrics use [FromCounts]; a metric with a formula of
// its own (docs/spec/metrics.md §3.4) or with half points brings another.
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

// halved returns the counts as they are printed: those of a metric that gives
// half points are kept doubled (docs/spec/metrics.md §1.1).
func halved(s ner.Score, doubled bool) (tp float64, pred, gold int) {
	if doubled {
		return float64(s.TP) / 2, s.NPred / 2, s.NGold / 2
	}
	return float64(s.TP), s.NPred, s.NGold
}

// undefined is how an undefined ratio is printed (docs/spec/metrics.md §1.2).
const undefined = "–"

// Percent prints a ratio as a percentage with one decimal, rounded once, half
// away from zero (docs/spec/metrics.md §1.1); nil prints as undefined.
//
// The shortest decimal that reads back as v is rounded, not the binary value:
// 861/2000 = 0.4305 is 43.1 %, although the nearest binary64 lies below it.
func Percent(v *float64) string {
	if v == nil {
		return undefined
	}
	r, ok := decimal(*v)
	if !ok {
		return undefined
	}
	return r.Mul(r, hundred).FloatString(1)
}

// Points prints the difference of two ratios in points of a percentage, rounded as
// [Percent] does, with its sign unless it prints as 0.0.
func Points(d *float64) string {
	switch s := Percent(d); {
	case s == "-0.0":
		return "0.0"
	case d == nil || *d < 0 || s == "0.0" || s == undefined:
		return s
	default:
		return "+" + s
	}
}

// Share prints a part of n as a percentage. A part that is there never prints
// as 0.0.
func Share(part, n int) string {
	if n == 0 {
		return undefined
	}
	v := float64(part) / float64(n)
	s := Percent(&v)
	if part > 0 && s == "0.0" {
		return "<0.1"
	}
	return s
}

// InPercent is a ratio times 100, as the values of a [Figure] are: 0.5695 is 56.95,
// where the product in binary is less, and would be rounded down.
func InPercent(v float64) float64 {
	r, ok := decimal(v)
	if !ok {
		return v
	}
	f, _ := r.Mul(r, hundred).Float64()
	return f
}

// oneDecimal prints a percentage, rounded as [Percent] does.
func oneDecimal(v float64) string {
	r, ok := decimal(v)
	if !ok {
		return undefined
	}
	return r.FloatString(1)
}

// decimal is the shortest decimal that reads back as v; false: v is infinite or not
// a number.
func decimal(v float64) (*big.Rat, bool) {
	return new(big.Rat).SetString(strconv.FormatFloat(v, 'g', -1, 64))
}

// hundred is never written to.
var hundred = big.NewRat(100, 1)

// mean is the unweighted mean of unrounded values; nil for none.
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
