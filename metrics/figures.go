package metrics

import (
	"math"
	"nerbench/ner"
)

// Figures are counts with their ratios, in the JSON form of the program's reports.
// Ratios that are not defined are nil.
type Figures struct {
	TP        float64     `json:"tp"` // a half number in metrics that give half points
	NPred     int         `json:"n_pred"`
	NGold     int         `json:"n_gold"`
	Precision *float64    `json:"precision"`
	Recall    *float64    `json:"recall"`
	F1        *float64    `json:"f1"`
	CI        *[2]float64 `json:"ci,omitempty"` // 95 % interval of F1, where one was drawn
}

// Figures divides counts as the metric's definition says.
func (m Metric) Figures(s ner.Score) Figures {
	r := m.Ratios(s)
	f := Figures{
		TP: float64(s.TP), NPred: s.NPred, NGold: s.NGold,
		Precision: r.Precision.OrNil(), Recall: r.Recall.OrNil(), F1: r.F1.OrNil(),
	}
	if m.Doubled {
		f.TP, f.NPred, f.NGold = f.TP/2, f.NPred/2, f.NGold/2
	}
	return f
}

// OrNil is the value of a ratio, or nil if it is not defined.
func (r Ratio) OrNil() *float64 {
	if !r.Defined {
		return nil
	}
	return &r.Value
}

// Finite is a number, or nil if it is infinite, as open edges of buckets are.
func Finite(v float64) *float64 {
	if math.IsInf(v, 0) {
		return nil
	}
	return &v
}
