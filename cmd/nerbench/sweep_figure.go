package main

import (
	"slices"
	"strconv"
	"strings"

	"nerbench/reports"
)

// figure draws the points: lines where the values of the last key have an order,
// else bars; a series for each metric, and for each value of the other keys.
func (r *sweepResult) figure() reports.Figure {
	f := reports.Figure{Title: r.Title, Lines: true}
	if r.Warning != "" {
		f.Notes = []string{r.Warning}
	}
	shown := r.shownValues()
	split, several := isGrid(shown), r.severalMetrics()
	for i, l := range r.Lines {
		category, series := strings.Join(shown[i], " "), []string{}
		if split {
			last := len(shown[i]) - 1
			category, series = shown[i][last], slices.Clone(shown[i][:last])
		}
		if several {
			series = append(series, l.asked)
		}
		if _, err := strconv.ParseFloat(category, 64); err != nil {
			f.Lines = false
		}
		putLine(&f, strings.Join(series, " "), category, l)
	}
	f.Lines = f.Lines && len(f.Categories) > 2
	return f
}

// isGrid reports whether every value of the last key meets every combination of
// the others.
func isGrid(shown [][]string) bool {
	if len(shown) == 0 || len(shown[0]) < 2 {
		return false
	}
	last := len(shown[0]) - 1
	outer, inner, both := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, values := range shown {
		outer[strings.Join(values[:last], " ")], inner[values[last]], both[strings.Join(values, " ")] = true, true, true
	}
	return len(inner) > 1 && len(outer) > 1 && len(both) == len(outer)*len(inner)
}

// putLine puts a line of the table into a figure.
func putLine(f *reports.Figure, series, category string, l sweepLine) {
	s := slices.IndexFunc(f.Series, func(s reports.Series) bool { return s.Name == series })
	if s < 0 {
		s = len(f.Series)
		f.Series = append(f.Series, reports.Series{Name: series})
	}
	c := slices.Index(f.Categories, category)
	if c < 0 {
		c = len(f.Categories)
		f.Categories = append(f.Categories, category)
	}
	of := &f.Series[s]
	for len(of.Values) <= c {
		of.Values, of.CI = append(of.Values, nil), append(of.CI, nil)
	}
	if l.Mean != nil {
		value := reports.InPercent(*l.Mean)
		of.Values[c] = &value
	}
	if l.CI != nil {
		of.CI[c] = &[2]float64{reports.InPercent(l.CI[0]), reports.InPercent(l.CI[1])}
	}
}
