package site

import (
	"strconv"

	"nerbench/reports"
)

// ablationGroup holds the values of one key of one model.
type ablationGroup struct {
	*Model
	Path, Key string
	Rows      []ablationRow
}

// ablationRow compares one value of a key with that of the baseline.
type ablationRow struct {
	*Ablation
	F1, BaseF1           string
	Difference, Interval string
	P, PAdjusted         string
}

// ablationGroups groups the ablations of the board by model and key.
func (s *site) ablationGroups() []ablationGroup {
	var list []ablationGroup
	for i := range s.Ablations {
		a := &s.Ablations[i]
		if n := len(list); n == 0 || list[n-1].Slug != a.Model || list[n-1].Key != a.Key {
			list = append(list, ablationGroup{Model: s.models[a.Model], Path: s.ModelPage(a.Model), Key: a.Key})
		}
		row := ablationRow{
			Ablation: a, F1: reports.Percent(&a.F1), BaseF1: reports.Percent(&a.BaseF1), Difference: points(&a.Test.Difference),
			P: probability(a.Test.P), PAdjusted: probability(a.Test.PAdjusted),
		}
		if in := a.Test.Interval; in != nil {
			row.Interval = points(&in[0]) + " to " + points(&in[1])
		}
		last := &list[len(list)-1]
		last.Rows = append(last.Rows, row)
	}
	return list
}

// probability prints a p value with up to four decimals; the smallest prints as a bound.
func probability(p float64) string {
	if p < 0.0001 {
		return "<0.0001"
	}
	return strconv.FormatFloat(p, 'f', 4, 64)
}

// valueText is a value of a key; the empty value is named.
func valueText(s string) string {
	if s == "" {
		return "(none)"
	}
	return short(s)
}
