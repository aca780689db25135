package sweeps

import (
	"slices"
	"strconv"
	"strings"

	"nerbench/reports"
)

// figure returns the chart of the points. It has lines if the values of the last key
// are numbers, else bars. There is a series for each metric and for each value of the
// other keys.
func (r *Result) figure() reports.Figure {
	f := reports.Figure{Title: r.Title, Lines: true}
	if r.Warning != "" {
		f.Notes = []string{r.Warning}
	}
	shown := r.shownValues()
	split, several := isGrid(shown), r.severalMetrics()
	var marks reports.Marks
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
		f.Put(strings.Join(series, " "), category, l.Mean, l.CI)
		if remark := l.meanRemark(); l.Mean != nil && remark != "" {
			f.SetMark(strings.Join(series, " "), category, marks.Mark(remark))
		}
	}
	f.Notes = append(marks.Notes(), f.Notes...)
	f.Lines = f.Lines && len(f.Categories) > 2
	return f
}

// isGrid reports whether every value of the last key is combined with all values of
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
