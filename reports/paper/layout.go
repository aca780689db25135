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
	if t.item.Lines == "datasets" {
		t.byDatasets(&g)
	} else {
		t.bySystems(&g, several)
	}
	g.Notes = t.footnotes()
	if !t.alone {
		g.Notes = append(g.Notes, "own runs: "+strings.Join(t.item.Metrics, ", ")+"; F1 in %")
	}
	g.Notes = append(g.Notes, t.Notes...)
	return g
}

func (t *Table) bySystems(g *reports.Grid, several bool) {
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
			cells = append(cells, t.cell(&l, c))
		}
		g.Body, g.Published = append(g.Body, cells), append(g.Published, l.Published)
	}
}

func (t *Table) byDatasets(g *reports.Grid) {
	g.Header, g.PublishedColumns = []string{"dataset"}, []bool{false}
	for _, l := range t.Lines {
		g.Header, g.PublishedColumns = append(g.Header, l.System), append(g.PublishedColumns, l.Published)
	}
	for _, c := range t.Cols {
		cells := []string{t.titles[c]}
		for _, l := range t.Lines {
			cells = append(cells, t.cell(&l, c))
		}
		g.Body = append(g.Body, cells)
	}
}

// cell prints a value. A missing value prints as "not run" for own runs. It prints as
// a dash where the paper has no value, and in columns that are not datasets.
func (t *Table) cell(l *Line, col string) string {
	v, there := l.Values[col]
	switch {
	case there && col == averageColumn && !l.Published && l.Used < l.Total:
		return fmt.Sprintf("%s (%d/%d)", reports.OneDecimal(v), l.Used, l.Total)
	case there:
		return reports.OneDecimal(v)
	case l.Published || slices.Contains(t.item.Also, col):
		return reports.Undefined
	}
	return "not run"
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
	for _, l := range t.Lines {
		s := reports.Series{Name: l.System, Published: l.Published}
		for _, c := range t.Cols {
			var value *float64
			incomparable := c == averageColumn && !l.Published && l.Used < l.Total // a mean over fewer datasets (docs/spec/metrics.md §10.2)
			if v, there := l.Values[c]; there && !incomparable {
				value = &v
			}
			s.Values = append(s.Values, value)
		}
		f.Series = append(f.Series, s)
	}
	return f
}
