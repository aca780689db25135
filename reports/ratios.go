package reports

import (
	"math/big"
	"strconv"

	"nerbench/ner"
)

// Ratios turns the counts of a metric into precision, recall and F1; nil is an
// undefined ratio. Most metrics use [FromCounts]; a metric with a formula of
// its own (METRICS.md §3.4) or with half points brings another.
type Ratios func(metric string, s ner.Score) (p, r, f1 *float64)

// FromCounts computes the ratios of METRICS.md §1.1.
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
// half points are kept doubled (METRICS.md §1.1).
func halved(s ner.Score, doubled bool) (tp float64, pred, gold int) {
	if doubled {
		return float64(s.TP) / 2, s.NPred / 2, s.NGold / 2
	}
	return float64(s.TP), s.NPred, s.NGold
}

// undefined is how an undefined ratio is printed (METRICS.md §1.2).
const undefined = "–"

// percent prints a ratio as a percentage with one decimal, rounded once, half
// away from zero (METRICS.md §1.1); nil prints as undefined.
//
// The shortest decimal that reads back as v is rounded, not the binary value:
// 861/2000 = 0.4305 is 43.1 %, although the nearest binary64 lies below it.
func percent(v *float64) string {
	if v == nil {
		return undefined
	}
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(*v, 'g', -1, 64))
	if !ok { // infinite or not a number
		return undefined
	}
	return r.Mul(r, big.NewRat(100, 1)).FloatString(1)
}

// share prints a part of n as a percentage. A part that is there never prints
// as 0.0.
func share(part, n int) string {
	if n == 0 {
		return undefined
	}
	v := float64(part) / float64(n)
	s := percent(&v)
	if part > 0 && s == "0.0" {
		return "<0.1"
	}
	return s
}

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
