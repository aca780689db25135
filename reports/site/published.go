package site

import (
	"fmt"
	"slices"

	"nerbench/reports"
)

// published is the page of the numbers that papers print.
type published struct {
	Tables []publishedTable
}

// publishedTable holds the numbers of one table of a source.
type publishedTable struct {
	Source, Table, Metric string
	Setting               string // of all columns; empty: each column has its own
	Columns               []publishedColumn
	Rows                  []publishedRow
	Notes                 []string
}

type publishedColumn struct {
	System, Setting string
	Marks           []int // footnotes that hold for all its values
}

type publishedRow struct {
	Printed string
	Path    string // the page of the dataset; empty: it is not on the board
	Cells   []publishedCell
}

type publishedCell struct {
	Text  string
	Marks []int // footnotes, from 1
}

// scores are the metrics that the page shows; the others are statistics of data.
var scores = map[string]string{"f1": "F1", "f1_partial": "F1, half points for partial matches", "precision": "precision", "recall": "recall"}

// publishedTables groups the values by their table, if some are about datasets of the
// board.
func (s *site) publishedTables(values []reports.PublishedValue) *published {
	p := &published{}
	related := false
	at := map[[3]string]int{}
	for _, v := range values {
		name, ok := scores[v.Metric]
		if !ok {
			continue
		}
		related = related || s.datasets[v.Dataset] != nil
		key := [3]string{v.Source, v.Table, v.Metric}
		i, ok := at[key]
		if !ok {
			i = len(p.Tables)
			at[key] = i
			p.Tables = append(p.Tables, publishedTable{Source: v.Source, Table: v.Table, Metric: name})
		}
		p.Tables[i].add(s, v)
	}
	if !related {
		return nil
	}
	for i := range p.Tables {
		p.Tables[i].finish()
	}
	return p
}

// finish fills the missing cells, and says once what holds for a column or for all.
func (t *publishedTable) finish() {
	for k := range t.Rows {
		for len(t.Rows[k].Cells) < len(t.Columns) {
			t.Rows[k].Cells = append(t.Rows[k].Cells, publishedCell{Text: reports.Undefined})
		}
	}
	for c := range t.Columns {
		for note := range t.Notes {
			if mark := note + 1; t.holds(c, mark) {
				t.Columns[c].Marks = append(t.Columns[c].Marks, mark)
				for k := range t.Rows {
					cell := &t.Rows[k].Cells[c]
					cell.Marks = slices.DeleteFunc(cell.Marks, func(m int) bool { return m == mark })
				}
			}
		}
	}
	setting := t.Columns[0].Setting
	if !slices.ContainsFunc(t.Columns, func(c publishedColumn) bool { return c.Setting != setting }) {
		t.Setting = setting
		for c := range t.Columns {
			t.Columns[c].Setting = ""
		}
	}
}

// holds reports whether all values of a column have a footnote.
func (t *publishedTable) holds(column, mark int) bool {
	for _, row := range t.Rows {
		if cell := row.Cells[column]; cell.Text != reports.Undefined && !slices.Contains(cell.Marks, mark) {
			return false
		}
	}
	return true
}

func (t *publishedTable) add(s *site, v reports.PublishedValue) {
	c := slices.IndexFunc(t.Columns, func(c publishedColumn) bool { return c.System == v.System && c.Setting == v.Setting })
	if c < 0 {
		c = len(t.Columns)
		t.Columns = append(t.Columns, publishedColumn{System: v.System, Setting: v.Setting})
	}
	r := slices.IndexFunc(t.Rows, func(row publishedRow) bool { return row.Printed == v.Printed })
	if r < 0 {
		r = len(t.Rows)
		t.Rows = append(t.Rows, publishedRow{Printed: v.Printed})
		if s.datasets[v.Dataset] != nil {
			t.Rows[r].Path = s.DatasetPage(v.Dataset)
		}
	}
	row := &t.Rows[r]
	for len(row.Cells) <= c {
		row.Cells = append(row.Cells, publishedCell{Text: reports.Undefined})
	}
	cell := publishedCell{Text: fmt.Sprint(v.Value)}
	for _, note := range notesOf(v) {
		n := slices.Index(t.Notes, note)
		if n < 0 {
			n = len(t.Notes)
			t.Notes = append(t.Notes, note)
		}
		cell.Marks = append(cell.Marks, n+1)
	}
	row.Cells[c] = cell
}

// notesOf lists the footnotes of a value.
func notesOf(v reports.PublishedValue) []string {
	var notes []string
	if v.Note != "" {
		notes = append(notes, v.Note)
	}
	if v.Protocol != "" {
		notes = append(notes, "scored as: "+v.Protocol)
	}
	if !v.Verified {
		notes = append(notes, "not verified in the source")
	}
	return notes
}
