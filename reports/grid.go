package reports

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// Grid is a table of strings, laid out for people: the first columns name the line,
// and marks in cells refer to the notes below.
type Grid struct {
	Title  string
	Header []string
	Body   [][]string
	Notes  []string // "(a) …", "not run (3): …"
	// Labels is the number of columns that name the line; 0 is the same as 1.
	Labels int
	// Published is true for lines from publications, which are printed in another
	// style and marked with a dagger. nil: no line.
	Published []bool
	// PublishedColumns is the same for columns.
	PublishedColumns []bool
	// Bold is true for the best cells, by line and column; nil: no cell. Text shows a
	// star, CSV nothing.
	Bold [][]bool
	// Records are the lines of the form csv; nil: the cells of the grid.
	Records Records
	// Brief is what text and Markdown print instead, if not nil.
	Brief *Grid
}

// labels is the number of columns that name the line.
func (g *Grid) labels() int { return min(max(1, g.Labels), len(g.Header)) }

// published reports whether a line is from a publication.
func (g *Grid) published(line int) bool { return line < len(g.Published) && g.Published[line] }

// printedElsewhere reports whether a cell is from a publication.
func (g *Grid) printedElsewhere(line, column int) bool {
	return g.published(line) || column < len(g.PublishedColumns) && g.PublishedColumns[column]
}

// header is the header, with the dagger in columns from publications.
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

// dagger marks numbers from publications.
const dagger = "†"

// marked returns the cells of a line, with the dagger if it is from a publication.
func (g *Grid) marked(line int) []string {
	cells := g.Body[line]
	if !g.published(line) {
		return cells
	}
	cells = slices.Clone(cells)
	cells[0] += " " + dagger
	return cells
}

// notes returns the notes, with the meaning of the dagger if the grid has one.
func (g *Grid) notes() []string {
	if !slices.Contains(g.Published, true) && !slices.Contains(g.PublishedColumns, true) {
		return g.Notes
	}
	return append(slices.Clone(g.Notes), dagger+" published by others, not measured here")
}

// gridForms lists the forms in which a grid is printed.
var gridForms = []struct {
	name  string
	write func(io.Writer, Grid) error
}{
	{"text", func(w io.Writer, g Grid) error { return textGrid(w, g, false) }},
	{"md", markdownGrid},
	{"csv", csvGrid},
	{"latex", func(w io.Writer, g Grid) error { return WriteLatex(w, Latex{}, g) }},
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

// Write prints the grid in one of [GridFormats], or as [Terminal].
func (g Grid) Write(w io.Writer, format string) error {
	if g.Brief != nil && slices.Contains([]string{"text", Terminal, "md"}, format) {
		g = *g.Brief
	}
	if format == Terminal {
		return textGrid(w, g, true)
	}
	for _, f := range gridForms {
		if f.name == format {
			return f.write(w, g)
		}
	}
	return fmt.Errorf("table: format %q: unknown%s", format, ner.Choices(format, GridFormats()))
}

// grid lays out one metric. Rows and columns without a run are not lines of the grid:
// they are listed below it with the reason.
func (t *Table) grid(metric string) Grid {
	l := layout{t: t, metric: metric}
	rows, noRows := part(t.Rows, func(row string) bool { return t.Row(metric, row).Ran() })
	cols, noCols := part(t.Cols, func(col string) bool { return t.column(metric, col).Ran() })
	l.rows, l.cols = rows, cols

	g := Grid{Title: t.title(metric)}
	g.Header, g.Body = l.header(), l.body()
	g.Notes = l.marks.Notes()
	t.bold(&g, &l)
	t.besides(&g, &l)
	if slices.ContainsFunc(cols, l.generated) {
		g.Notes = append([]string{"fail: % of queries without a readable answer"}, g.Notes...)
	}
	if t.RunOnly {
		noRows, noCols = t.countNotRun(noRows, noCols, &g)
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

// part separates the names for which has is true from the others.
func part(names []string, has func(string) bool) (yes, no []string) {
	for _, name := range names {
		if has(name) {
			yes = append(yes, name)
		} else {
			no = append(no, name)
		}
	}
	return yes, no
}

// absent lists names without a run, by reason.
func (t *Table) absent(names []string) []string {
	byReason := map[string][]string{}
	for _, name := range names {
		if IsAverage(name) {
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

// countNotRun replaces the lists of names without a run by a note with their number.
func (t *Table) countNotRun(noRows, noCols []string, g *Grid) (rows, cols []string) {
	for _, axis := range []struct {
		key   string
		names []string
	}{{t.RowKey, noRows}, {t.ColKey, noCols}} {
		n := 0
		for _, name := range axis.names {
			if !IsAverage(name) {
				n++
			}
		}
		if n > 0 {
			g.Notes = append(g.Notes, fmt.Sprintf("not run, left out: %d by %s", n, axis.key))
		}
	}
	return nil, nil
}

// layout prints the cells of one metric as strings.
type layout struct {
	t          *Table
	metric     string
	rows, cols []string
	marks      Marks
}

// across reports whether the columns are datasets or domains: numbers of passages
// belong to columns then.
func (l *layout) across() bool { return l.t.ColKey == KeyDataset || l.t.ColKey == KeyDomain }

func (l *layout) header() []string {
	h := []string{l.t.RowKey}
	if !l.across() {
		h = append(h, "passages", "gold")
	}
	for _, col := range l.cols {
		name := Label(col)
		if l.across() {
			name += used(l.t.column(l.metric, col))
		}
		h = append(h, name)
		if l.generated(col) {
			h = append(h, "fail")
		}
	}
	return h
}

func (l *layout) body() [][]string {
	var body [][]string
	if l.across() {
		body = append(body, l.sizes("passages", Line.Passages), l.sizes("gold", Line.Gold))
	}
	for _, row := range l.rows {
		line := []string{Label(row)}
		if !l.across() {
			cells := l.t.Row(l.metric, row)
			line[0] += used(cells)
			line = append(line, Range(cells.Passages(), strconv.Itoa), Range(cells.Gold(), strconv.Itoa))
		}
		for _, col := range l.cols {
			c := l.t.Cell(l.metric, row, col)
			line = append(line, l.value(c))
			if l.generated(col) {
				line = append(line, Share(c.Failures, c.Queries))
			}
		}
		body = append(body, line)
	}
	return body
}

// sizes is a line with a number for each column.
func (l *layout) sizes(name string, of func(Line) []int) []string {
	line := []string{name}
	for _, col := range l.cols {
		line = append(line, Range(of(l.t.column(l.metric, col)), strconv.Itoa))
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
		s += " " + Interval(c.CI)
	}
	if c.Rank != nil {
		s += " #" + rankText(*c.Rank)
	}
	if mark := l.marks.Of(c); mark != "" {
		s += " " + mark
	}
	return s
}

// used is the number of datasets that the averages of a line are over. It is the
// same for all of them and stands once, beside the name of the line.
func used(cells Line) string {
	n, total := cells.Used()
	if total == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d/%d datasets)", n, total)
}

// Label prints a value of a key as the name of a line; the empty value prints as
// "(none)".
func Label(value string) string {
	if value == "" {
		return "(none)"
	}
	return value
}

// rankText prints a range of ranks.
func rankText(r [2]int) string {
	if r[0] == r[1] {
		return strconv.Itoa(r[0])
	}
	return fmt.Sprintf("%d–%d", r[0], r[1])
}
