package sweeps

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nerbench/harness"
	"nerbench/reports"
)

// grids returns the tables of the result.
func (r *Result) grids() []reports.Grid {
	grids := []reports.Grid{r.grid()}
	if len(r.Paraphrases) > 0 {
		grids = append(grids, paraphraseGrid(r.Title, r.Paraphrases))
	}
	for _, t := range r.Published {
		grids = append(grids, t.Grids()...)
	}
	return grids
}

// mostDatasetColumns is the largest number of datasets with a column each. More do not
// fit on a screen.
const mostDatasetColumns = 8

// column is a column of the table of points.
type column struct {
	header string
	cell   func(line int, l *Line) string
}

// grid returns the table of the points.
func (r *Result) grid() reports.Grid {
	var marks reports.Marks
	columns, labels := r.columns(&marks)
	g := reports.Grid{Title: r.Title, Labels: labels}
	for _, c := range columns {
		g.Header = append(g.Header, c.header)
	}
	for i := range r.Lines {
		var cells []string
		for _, c := range columns {
			cells = append(cells, c.cell(i, &r.Lines[i]))
		}
		g.Body = append(g.Body, cells)
	}
	g.Notes, g.Records = append(marks.Notes(), r.gridNotes()...), r.records()
	return g
}

// columns returns the columns of the table: keys, scores and cost of the points.
// Optional columns without a value are omitted. labels is the number of key columns.
func (r *Result) columns(marks *reports.Marks) (columns []column, labels int) {
	add := func(header string, cell func(int, *Line) string) {
		columns = append(columns, column{header, cell})
	}
	shown := r.shownValues()
	for k, key := range r.Varied {
		add(key, func(line int, _ *Line) string { return shown[line][k] })
	}
	if r.severalMetrics() {
		add("metric", func(_ int, l *Line) string { return l.asked })
	}
	labels = len(columns)

	ids, f1 := r.datasets(), "F1"
	if len(ids) > 1 {
		f1 = fmt.Sprintf("mean of %d datasets", len(ids))
		if len(ids) <= mostDatasetColumns {
			for _, dataset := range ids {
				add(dataset, func(_ int, l *Line) string {
					return marked(reports.Percent(l.Datasets[dataset]), l.Remarks[dataset], marks)
				})
			}
		}
	}
	add(f1, func(_ int, l *Line) string { return marked(l.meanText(), l.meanRemark(), marks) })
	add("95 % interval", func(_ int, l *Line) string { return reports.Interval(l.CI) })
	if r.hasDeviation() {
		add("sd of seeds", func(_ int, l *Line) string { return reports.Percent(l.Deviation) })
	}
	add("difference", func(_ int, l *Line) string { return l.differenceText() })
	add("95 % interval", func(_ int, l *Line) string { return reports.DifferenceInterval(l.DifferenceCI) })
	add("p (Holm)", func(_ int, l *Line) string { return reports.Probability(l.PAdjusted) })
	add("failures, %", func(_ int, l *Line) string { return l.failuresText() })
	add("queries", func(_ int, l *Line) string { return strconv.Itoa(l.Queries) })

	ofCost := func(header string, cell func(*harness.Cost, *Line) string) {
		add(header, func(_ int, l *Line) string {
			if l.Cost == nil {
				return "–"
			}
			return cell(l.Cost, l)
		})
	}
	ofCost("tokens in", func(c *harness.Cost, _ *Line) string { return tokensText(c.PromptTokens) })
	ofCost("out", func(c *harness.Cost, _ *Line) string { return tokensText(c.AnswerTokens) })
	ofCost("tokens per point", func(c *harness.Cost, l *Line) string { return aPoint(c, l.Mean) })
	ofCost("seconds", func(c *harness.Cost, _ *Line) string { return secondsText(c.Seconds) })
	if r.priced() {
		ofCost("money", func(c *harness.Cost, _ *Line) string { return moneyText(c.Money) })
	}
	return columns, labels
}

// datasets returns the datasets of the sweep. Every line has all of them.
func (r *Result) datasets() []string {
	if len(r.Lines) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(r.Lines[0].Datasets))
}

func (r *Result) severalMetrics() bool {
	return slices.ContainsFunc(r.Lines, func(l Line) bool { return l.asked != r.Lines[0].asked })
}

func (r *Result) hasDeviation() bool {
	return slices.ContainsFunc(r.Lines, func(l Line) bool { return l.Deviation != nil })
}

func (r *Result) priced() bool {
	return slices.ContainsFunc(r.Lines, func(l Line) bool { return l.Cost != nil && l.Cost.Money != nil })
}

// gridNotes returns the notes below the table.
func (r *Result) gridNotes() []string {
	var notes []string
	if r.hasDeviation() {
		notes = append(notes, "F1: counts summed over all seeds; sd: standard deviation of the F1 of the seeds")
	}
	if slices.ContainsFunc(r.Lines, func(l Line) bool { return l.Used > 0 && l.Mean == nil }) {
		notes = append(notes, "rows without a mean have fewer or other datasets than the others (docs/spec/metrics.md §10.2)")
	}
	notes = append(notes,
		"tokens: as servers report them; seconds: from query to answer, summed over all queries",
		"F1 in %; p: paired randomisation by passage against the baseline, corrected by Holm (docs/spec/metrics.md §12)")
	notes = append(notes, r.Notes...)
	if r.Warning != "" {
		notes = append(notes, r.Warning)
	}
	return notes
}

// marked adds the mark of a remark to a value.
func marked(value, remark string, marks *reports.Marks) string {
	if remark == "" {
		return value
	}
	return value + " " + marks.Mark(remark)
}

// meanRemark returns the remarks on the runs in the mean, and without a mean on all of
// them.
func (l *Line) meanRemark() string {
	var parts []string
	for _, dataset := range slices.Sorted(maps.Keys(l.Remarks)) {
		switch {
		case l.Used > 0 && !slices.Contains(l.used, dataset):
		case len(l.Datasets) == 1:
			parts = append(parts, l.Remarks[dataset])
		default:
			parts = append(parts, dataset+": "+l.Remarks[dataset])
		}
	}
	return strings.Join(parts, "; ")
}

// meanText returns the F1 of a line, and the number of its datasets if some are
// missing. A sweep of one dataset has the value of an incomplete run there.
func (l *Line) meanText() string {
	if l.Used == 0 && len(l.Datasets) == 1 {
		for _, v := range l.Datasets {
			return reports.Percent(v)
		}
	}
	if l.Used > 0 && l.Used < l.Total {
		return fmt.Sprintf("%s (%d/%d)", reports.Percent(l.Mean), l.Used, l.Total)
	}
	return reports.Percent(l.Mean)
}

func (l *Line) differenceText() string {
	if l.Baseline {
		return "baseline"
	}
	return reports.Points(l.Difference)
}

// tokensText formats a number of tokens, "–" if the server does not tell it.
func tokensText(n *int) string {
	if n == nil {
		return reports.Undefined
	}
	return amount(float64(*n))
}

// aPoint returns the number of prompt and answer tokens per point of F1.
func aPoint(c *harness.Cost, f1 *float64) string {
	if c.PromptTokens == nil || c.AnswerTokens == nil || f1 == nil || *f1 <= 0 {
		return reports.Undefined
	}
	return amount(float64(*c.PromptTokens+*c.AnswerTokens) / (100 * *f1))
}

func secondsText(s float64) string {
	if s < 100 {
		return fmt.Sprintf("%.1f", s)
	}
	return amount(s)
}

// failuresText is the share of the failures in the queries that are parsed.
func (l *Line) failuresText() string {
	if l.Failures == nil {
		return reports.Undefined
	}
	return reports.Share(*l.Failures, l.parsed)
}

func moneyText(m *float64) string {
	if m == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f", *m)
}

// shownValues returns the values of the keys of each line. Models have their whole
// names, as in all tables and commands.
func (r *Result) shownValues() [][]string {
	out := make([][]string, len(r.Lines))
	for i, l := range r.Lines {
		for _, k := range r.Varied {
			v := l.Keys[k]
			if v == "" {
				v = "–"
			}
			out[i] = append(out[i], v)
		}
	}
	return out
}
