package paper

import (
	"fmt"
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
