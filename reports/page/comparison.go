package page

import (
	"fmt"
	"math"

	"nerbench/reports"
)

// comparison is a table of one metric with a line for each domain or dataset.
type comparison struct {
	Metric metricInfo
	Lines  []comparisonLine
	Notes  []string
}

type comparisonLine struct {
	Name, Title, Domain string
	Average             bool
	Used                string // "5 of 16", datasets in an average
	Passages, Gold      string
	Figures             []figure // one for each system
}

// compare lays out a table for the page: systems across, only lines that ran.
func compare(d *data, t *reports.Table, m metricInfo) comparison {
	out := comparison{Metric: m}
	var marks reports.Marks
	for _, name := range t.Rows {
		cells := t.Row(m.ID, name)
		if !cells.Ran() {
			continue
		}
		line := comparisonLine{
			Name: reports.Label(name), Title: d.info[name].Title, Domain: d.info[name].Domain,
			Average:  reports.IsAverage(name),
			Passages: reports.Range(cells.Passages(), commas), Gold: reports.Range(cells.Gold(), commas),
		}
		for _, s := range d.systems {
			line.Figures = append(line.Figures, newFigure(&marks, t.Cell(m.ID, name, s.Name)))
		}
		if used, total := cells.Used(); total > 0 {
			line.Used = fmt.Sprintf("%d of %d", used, total)
		}
		out.Lines = append(out.Lines, line)
	}
	out.Notes = marks.Notes()
	return out
}

func newFigure(marks *reports.Marks, c *reports.Cell) figure {
	if !c.Ran() {
		return figure{Main: "not run", Missing: true}
	}
	f := figure{Main: reports.Percent(c.Value)}
	if c.Value != nil {
		f.Heat = int(math.Round(10 * *c.Value))
	}
	if c.CI != nil {
		f.Sub = append(f.Sub, fmt.Sprintf("%s – %s", reports.Percent(&c.CI[0]), reports.Percent(&c.CI[1])))
	}
	if c.Failures > 0 {
		f.Sub = append(f.Sub, reports.Share(c.Failures, c.Queries)+" % unreadable")
	}
	if mark := marks.Of(c); mark != "" {
		f.Main += " " + mark
	}
	return f
}
