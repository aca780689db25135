package paper

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nerbench/reports"
)

// Grids lays the table out as the paper does. Own runs beside an example are in a
// second table.
func (t *Table) Grids() []reports.Grid {
	if t.item.Lines != "fixed" {
		return []reports.Grid{t.grid()}
	}
	grids := []reports.Grid{t.fixedGrid()}
	if t.ownGrid != nil {
		grids = append(grids, *t.ownGrid)
	}
	return grids
}

func (t *Table) grid() reports.Grid {
	g := t.lines()
	g.Records = t.records()
	if brief, most := t.withoutNotRun(); most {
		short := brief.lines()
		g.Brief = &short
	}
	return g
}

// lines lays out the lines and the columns of the table.
func (t *Table) lines() reports.Grid {
	g := reports.Grid{Title: t.Title}
	several := len(t.item.Metrics) > 1
	marks := reports.Marks{Numbered: true} // the footnotes have letters
	if t.item.Lines == "datasets" {
		t.byDatasets(&g, &marks)
	} else {
		t.bySystems(&g, several, &marks)
	}
	g.Notes = append(t.footnotes(), marks.Notes()...)
	if !t.alone {
		g.Notes = append(g.Notes, "own runs: "+strings.Join(t.item.Metrics, ", ")+"; F1 in %")
	}
	g.Notes = append(g.Notes, t.Notes...)
	return g
}

// records are the values of the table for other programs.
func (t *Table) records() reports.Records {
	records := reports.NewRecords()
	for _, l := range t.Lines {
		for _, col := range t.Cols {
			switch v := l.value(col); {
			case !l.Published && l.cells[col] != nil:
				records.Add(l.cells[col])
			case l.Published && v != nil:
				records.AddPublished(col, l.System, l.Metric, col == averageColumn || t.item.By == "domain", *v, reports.PaperSource+", "+t.item.Table)
			}
		}
	}
	return records
}

// RunOnly leaves out the columns of values without an own run. A note has their number
// and their names (docs/spec/metrics.md §10.3).
func (t *Table) RunOnly() {
	short, _ := t.withoutNotRun()
	*t = *short
	for _, l := range t.Lines {
		maps.DeleteFunc(l.Values, func(col string, _ float64) bool { return !slices.Contains(t.Cols, col) })
		maps.DeleteFunc(l.Missing, func(col string, _ string) bool { return !slices.Contains(t.Cols, col) })
	}
}

// withoutNotRun returns the table without the columns that have no own run; most is
// set if these are most of the columns. A table without own runs keeps all of them.
func (t *Table) withoutNotRun() (short *Table, most bool) {
	var left []string
	total := 0
	for _, col := range t.Cols {
		if col == averageColumn || slices.Contains(t.item.Also, col) {
			continue
		}
		total++
		if !slices.ContainsFunc(t.Lines, func(l Line) bool { return l.ran(col) }) {
			left = append(left, col)
		}
	}
	out := *t
	if len(left) == 0 || len(left) == total {
		return &out, false
	}
	out.Cols = slices.DeleteFunc(slices.Clone(t.Cols), func(col string) bool { return slices.Contains(left, col) })
	noun := "datasets"
	if t.item.By == "domain" {
		noun = "domains"
	}
	out.Notes = append(
		slices.DeleteFunc(slices.Clone(t.Notes), func(note string) bool { return note == t.notRun }),
		fmt.Sprintf("not run, left out (%d of %d %s; --run-only=false shows them): %s", len(left), total, noun, t.withReasons(left)))
	return &out, 2*len(left) > total
}

func (t *Table) bySystems(g *reports.Grid, several bool, marks *reports.Marks) {
	g.Header = []string{"system"}
	if several {
		g.Header = append(g.Header, "metric")
	}
	g.Labels = len(g.Header)
	for _, c := range t.Cols {
		g.Header = append(g.Header, t.titles[c])
	}
	for _, l := range t.Lines {
		cells := []string{l.System}
		if several {
			cells = append(cells, l.Metric)
		}
		for _, c := range t.Cols {
			cells = append(cells, t.cell(&l, c, marks))
		}
		g.Body, g.Published = append(g.Body, cells), append(g.Published, l.Published)
	}
}

func (t *Table) byDatasets(g *reports.Grid, marks *reports.Marks) {
	g.Header, g.PublishedColumns = []string{"dataset"}, []bool{false}
	for _, l := range t.Lines {
		g.Header, g.PublishedColumns = append(g.Header, l.System), append(g.PublishedColumns, l.Published)
	}
	for _, c := range t.Cols {
		cells := []string{t.titles[c]}
		for _, l := range t.Lines {
			cells = append(cells, t.cell(&l, c, marks))
		}
		g.Body = append(g.Body, cells)
	}
}

// cell prints a value with the mark of its remark. Own runs print as "not run" where
// there is none, and as a dash where a run has no value. A dash also stands where the
// paper has no value, and in columns that are not datasets.
func (t *Table) cell(l *Line, col string, marks *reports.Marks) string {
	if l.Published || !l.ran(col) {
		switch v := l.value(col); {
		case v != nil:
			return reports.OneDecimal(*v)
		case l.Published || slices.Contains(t.item.Also, col):
			return reports.Undefined
		}
		return "not run"
	}
	text := reports.Undefined
	if v := l.value(col); v != nil {
		text = reports.OneDecimal(*v) + l.share(col)
	}
	if mark := marks.Of(l.cells[col]); mark != "" {
		text += " " + mark
	}
	return text
}

// share is the number of datasets of a mean that does not have all of them.
func (l *Line) share(col string) string {
	if c := l.cells[col]; c.Mean() && c.Used < c.Total {
		return fmt.Sprintf(" (%d/%d)", c.Used, c.Total)
	}
	return ""
}

// Figure draws the table; nil if the item is not a figure.
func (t *Table) Figure() *reports.Figure {
	if !t.item.Chart {
		return nil
	}
	f := &reports.Figure{Title: t.Title, Notes: t.footnotes()}
	for _, c := range t.Cols {
		f.Categories = append(f.Categories, t.titles[c])
	}
	marks := reports.Marks{Numbered: true} // the footnotes have letters
	for _, l := range t.Lines {
		s := reports.Series{Name: l.System, Published: l.Published}
		for _, c := range t.Cols {
			value, mark := l.value(c), ""
			if c == averageColumn && !l.Published && l.Used < l.Total { // a mean over fewer datasets (docs/spec/metrics.md §10.2)
				value = nil
			}
			if value != nil && l.ran(c) {
				mark = strings.TrimSpace(l.share(c) + " " + marks.Of(l.cells[c]))
			}
			s.Values, s.Marks = append(s.Values, value), append(s.Marks, mark)
		}
		f.Series = append(f.Series, s)
	}
	f.Notes = append(f.Notes, marks.Notes()...)
	return f
}
