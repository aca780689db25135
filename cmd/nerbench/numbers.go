package main

import (
	"fmt"
	"strconv"

	"nerbench/reports"
)

// intervalText prints an interval of a ratio, in percent; nil is a dash.
func intervalText(ci *[2]float64) string { return bounds(ci, reports.Percent) }

// differenceInterval prints an interval of a difference, in points.
func differenceInterval(ci *[2]float64) string { return bounds(ci, reports.Points) }

func bounds(ci *[2]float64, text func(*float64) string) string {
	if ci == nil {
		return "–"
	}
	return fmt.Sprintf("[%s, %s]", text(&ci[0]), text(&ci[1]))
}

// probability prints a p value; nil is a dash. No p of resampling is known better
// than that.
func probability(p *float64) string {
	switch {
	case p == nil:
		return "–"
	case *p < 0.0001:
		return "< 0.0001"
	}
	return strconv.FormatFloat(*p, 'f', 4, 64)
}
