package metrics

import (
	"math"

	"nerbench/ner"
)

// Figures are the counts of a score with its ratios, for JSON output. The counts of
// half-point metrics are halved. Undefined ratios are nil.
type Figures struct {
	TP        float64     `json:"tp"`
	NPred     int         `json:"n_pred"`
	NGold     int         `json:"n_gold"`
	Precision *float64    `json:"precision"`
	Recall    *float64    `json:"recall"`
	F1        *float64    `json:"f1"`
	CI        *[2]float64 `json:"ci,omitempty"` // 95 % interval of F1
}

// NewFigures computes the ratios from the counts of a metric.
func NewFigures(m Metric, s ner.Score) Figures {
	r := m.Ratios(s)
	f := Figures{TP: float64(s.TP), NPred: s.NPred, NGold: s.NGold, Precision: r.Precision.Pointer(), Recall: r.Recall.Pointer(), F1: r.F1.Pointer()}
	if m.Doubled {
		f.TP, f.NPred, f.NGold = f.TP/2, f.NPred/2, f.NGold/2
	}
	return f
}

// Pointer is the value of a ratio; nil if it is undefined.
func (r Ratio) Pointer() *float64 {
	if !r.Defined {
		return nil
	}
	return &r.Value
}

// Finite returns the number, or nil if it is infinite, like the open edge of a
// bucket.
func Finite(v float64) *float64 {
	if math.IsInf(v, 0) {
		return nil
	}
	return &v
}
