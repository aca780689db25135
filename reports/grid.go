package reports

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Grid is a table as people read it: strings in place, the first column names
// the line, marks point to the notes below.
type Grid struct {
	Title  string
	Header []string
	Body   [][]string
	Notes  []string // "(a) …", "not run (3): …"
	// Labels is the number of columns that name the line; 0: one.
	Labels int
	// Published tells which lines others printed: they are set in another style, and
	// marked with a dagger. nil: none.
	Published []bool
	// PublishedColumns says the same of columns.
	PublishedColumns []bool
	// Bold tells which cells are the best; nil: none. Text and CSV do not show it.
	Bold [][]bool
}

// labels is the number of columns that name the line.
func (g *Grid) labels() int { return min(max(1, g.Labels), len(g.Header)) }

// published reports whether others printed a line.
func (g *Grid) published(line int) bool { return line < len(g.Published) && g.Published[line] }

// printedElsewhere reports whether others printed a cell.
func (g *Grid) printedElsewhere(line, column int) bool {
	return g.published(line) || column < len(g.PublishedColumns) && g.PublishedColumns[column]
}

// header is the header, with the dagger where others printed the column.
func (g *Grid) header() []string {
	cells := slices.Clone(g.Header)
	for i, published := range g.PublishedColumns {
		if published {
			cells[i] += " " + dagger
		}
	}
	return cells
}

// bold reports whether a cell is one of the best.
func (g *Grid) bold(line, column int) bool {
	return line < len(g.Bold) && column < len(g.Bold[line]) && g.Bold[line][column]
}

// dagger marks what others printed.
const dagger = "†"

// marked are the cells of a line, with the dagger where others printed it.
func (g *Grid) marked(line int) []string {
	cells := g.Body[line]
	if !g.published(line) {
		return cells
	}
	cells = slices.Clone(cells)
	cells[0] += " " + dagger
	return cells
}

// notes are the notes, with what the dagger means.
func (g *Grid) notes() []string {
	if !slices.Contains(g.Published, true) && !slices.Contains(g.PublishedColumns, true) {
		return g.Notes
	}
	return append(slices.Clone(g.Notes), dagger+" as published by others, not measured here")
}

// gridForms lists the forms in which a grid is printed.
var gridForms = []struct {
	name  string
	write func(io.Writer, Grid) error
}{
	{"text", textGrid},
	{"md", markdownGrid},
	{"csv", csvGrid},
	{"latex", latexGrid},
	{"html", htmlGrid},
}

// GridFormats lists the names of the forms of a grid, the default first.
func GridFormats() []string {
	names := make([]string, len(gridForms))
	for i, f := range gridForms {
		names[i] = f.name
	}
	return names
}

// Write prints the grid in one of [GridFormats].
func (g Grid) Write(w io.Writer, format string) error {
	for _, f := range gridForms {
		if f.name == format {
			return f.write(w, g)
		}
	}
	return fmt.Errorf("table: format %q: unknown (known: %s)", format, strings.Join(GridFormats(), ", "))
}

// grid lays out one metric. Rows and columns that no run reached are listed
// with their reason below the grid rather than shown as a page of "not run".
func (t *Table) grid(metric string) Grid {
	l := layout{t: t, metric: metric, marks: map[string]string{}}
	rows, noRows := t.ran(t.Rows, func(row string) bool { return t.rowRan(metric, row) })
	cols, noCols := t.ran(t.Cols, func(col string) bool { return t.colRan(metric, col) })
	l.rows, l.cols = rows, cols

	g := Grid{Title: t.title(metric)}
	g.Header, g.Body = l.header(), l.body()
	g.Notes = l.notes
	t.bold(&g, &l)
	t.besides(&g, &l)
	if slices.ContainsFunc(cols, l.generated) {
		g.Notes = append([]string{"fail: % of queries without a readable answer"}, g.Notes...)
	}
	g.Notes = append(g.Notes, t.absent(noRows)...)
	g.Notes = append(g.Notes, t.absent(noCols)...)
	return g
}

func (t *Table) title(metric string) string {
	s := fmt.Sprintf("%s, F1 in %% (%s by %s)", metric, t.RowKey, t.ColKey)
	if t.where != "" {
		s += ", where " + t.where
	}
	return s
}

// ran parts names by whether anything ran there.
func (t *Table) ran(names []string, has func(string) bool) (yes, no []string) {
	for _, name := range names {
		if has(name) {
			yes = append(yes, name)
		} else {
			no = append(no, name)
		}
	}
	return yes, no
}

func (t *Table) rowRan(metric, row string) bool {
	return slices.ContainsFunc(t.Cols, func(col string) bool { return t.Cell(metric, row, col).Ran() })
}

func (t *Table) colRan(metric, col string) bool {
	return slices.ContainsFunc(t.Rows, func(row string) bool { return t.Cell(metric, row, col).Ran() })
}

// absent lists names by the reason for which nothing ran there.
func (t *Table) absent(names []string) []string {
	byReason := map[string][]string{}
	for _, name := range names {
		if isAverage(name) {
			continue
		}
		reason := t.info[name].Absent
		byReason[reason] = append(byReason[reason], name)
	}
	var out []string
	for _, reason := range sortedKeys(byReason) {
		what := "not run"
		if reason != "" {
			what += ", " + reason
		}
		out = append(out, fmt.Sprintf("%s (%d): %s", what, len(byReason[reason]), strings.Join(byReason[reason], ", ")))
	}
	return out
}

// layout writes the cells of one metric into strings.
type layout struct {
	t          *Table
	metric     string
	rows, cols []string
	marks      map[string]string // note to its mark
	notes      []string
}

// across reports whether datasets run across the table, so that the
// numbers of passages belong to columns.
func (l *layout) across() bool { return l.t.ColKey == KeyDataset || l.t.ColKey == KeyDomain }

func (l *layout) header() []string {
	h := []string{l.t.RowKey}
	if !l.across() {
		h = append(h, "passages", "gold")
	}
	for _, col := range l.cols {
		h = append(h, named(col)+l.used(l.across(), func(row string) *Cell { return l.t.Cell(l.metric, row, col) }, l.rows))
		if l.generated(col) {
			h = append(h, "fail")
		}
	}
	return h
}

func (l *layout) body() [][]string {
	var body [][]string
	if l.across() {
		body = append(body, l.sizeRow("passages", passagesOf), l.sizeRow("gold", goldOf))
	}
	for _, row := range l.rows {
		at := func(col string) *Cell { return l.t.Cell(l.metric, row, col) }
		line := []string{named(row) + l.used(!l.across(), at, l.cols)}
		if !l.across() {
			line = append(line, rangeOf(sizes(l.cols, at, passagesOf), strconv.Itoa), rangeOf(sizes(l.cols, at, goldOf), strconv.Itoa))
		}
		for _, col := range l.cols {
			line = append(line, l.value(at(col)))
			if l.generated(col) {
				line = append(line, Share(at(col).Failures, at(col).Queries))
			}
		}
		body = append(body, line)
	}
	return body
}

// sizeRow is a line of numbers that belong to the columns.
func (l *layout) sizeRow(name string, of func(*Cell) int) []string {
	line := []string{name}
	for _, col := range l.cols {
		line = append(line, rangeOf(sizes(l.rows, func(row string) *Cell { return l.t.Cell(l.metric, row, col) }, of), strconv.Itoa))
		if l.generated(col) {
			line = append(line, "")
		}
	}
	return line
}

// generated reports whether a column has answers that can fail to be read.
func (l *layout) generated(col string) bool {
	return slices.ContainsFunc(l.rows, func(row string) bool { return l.t.Cell(l.metric, row, col).Queries > 0 })
}

// value prints a cell with its interval and its mark.
func (l *layout) value(c *Cell) string {
	if !c.Ran() {
		return "not run"
	}
	s := Percent(c.Value)
	if c.CI != nil {
		s += fmt.Sprintf(" [%s, %s]", Percent(&c.CI[0]), Percent(&c.CI[1]))
	}
	if c.Rank != nil {
		s += " #" + rankText(*c.Rank)
	}
	if c.Note != "" {
		s += " " + l.mark(c.Note)
	}
	return s
}

// mark returns the mark of a note: (a), (b), …, (z), (27), …
func (l *layout) mark(note string) string {
	m, ok := l.marks[note]
	if !ok {
		n := len(l.marks)
		m = fmt.Sprintf("(%d)", n+1)
		if n < 26 {
			m = fmt.Sprintf("(%c)", 'a'+n)
		}
		l.marks[note] = m
		l.notes = append(l.notes, m+" "+note)
	}
	return m
}

// used says over how many datasets the averages of a line are: all of
// them are over the same rows, so it is said once, beside the name.
func (l *layout) used(here bool, at func(string) *Cell, others []string) string {
	if !here {
		return ""
	}
	used, total := usedRows(others, at)
	if total == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d/%d datasets)", used, total)
}

// usedRows is the number of rows that the averages of a line are over, of how
// many; cells without an average do not count. total is 0 if there is none.
func usedRows(names []string, at func(string) *Cell) (used, total int) {
	for _, name := range names {
		if c := at(name); c.average && c.Ran() {
			used, total = max(used, c.Used), c.Total
		}
	}
	return used, total
}

// named is a value of a key as a label; the empty value has one, too.
func named(value string) string {
	if value == "" {
		return "(none)"
	}
	return value
}

func passagesOf(c *Cell) int { return c.Complete }

func goldOf(c *Cell) int { return c.gold }

// sizes lists, sorted, a number that the cells of a line usually share.
func sizes(names []string, at func(string) *Cell, of func(*Cell) int) []int {
	var all []int
	for _, name := range names {
		if n := of(at(name)); n > 0 {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all
}

// rangeOf prints sorted numbers as one number if they are equal, or as a range.
func rangeOf(sorted []int, print func(int) string) string {
	if len(sorted) == 0 {
		return ""
	}
	low, high := sorted[0], sorted[len(sorted)-1]
	if low == high {
		return print(low)
	}
	return print(low) + "–" + print(high)
}

// rankText prints a range of ranks.
func rankText(r [2]int) string {
	if r[0] == r[1] {
		return strconv.Itoa(r[0])
	}
	return fmt.Sprintf("%d–%d", r[0], r[1])
}
