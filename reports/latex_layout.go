package reports

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Measures in points, for the class article with type of 10 points on letter paper.
const (
	columnWidth = 229.0 // of two columns
	textWidth   = 345.0 // of one column
	widestPart  = 450.0 // fits the text of two columns (470 points); in one column, it is reduced
	columnSep   = 3.5   // on either side of a column
	lineHeight  = 9.5   // of \footnotesize
	pageLines   = 47    // lines of \footnotesize that a page has, less a caption and rules
	partLines   = 44    // of a part in the text
)

// latexSize is a size of type.
type latexSize struct {
	name string
	em   float64
}

var (
	sizeSmall = latexSize{"small", 9.3}
	sizeNotes = latexSize{"footnotesize", 8.5}
)

// Lengths in characters at which names and texts are wrapped.
const (
	wrapHeader      = 12
	wrapLabel       = 32
	wrapLabelNarrow = 20 // if there are many columns
	wrapText        = 44
	wrapTurned      = 24

	// Words up to these lengths are never broken.
	wholeHeader = 15
	wholeLabel  = 24

	continued = 0.8 // the indent of the further lines of a text, in em

	manyColumns = 7

	// rotatedShare is the share of the width of a table in parts that turned headers may
	// leave: they are harder to read.
	rotatedShare = 0.75
)

// latexColumn is a column of a grid.
type latexColumn struct {
	format string  // of the tabular
	head   string  // the header, in LaTeX
	width  float64 // of the widest cell, in em
	body   float64 // of the widest cell below the header, in em
	height int     // lines of the header
	marked bool    // some cells have the mark of a note, which stands out to the right
	group  string  // the word that the header shares with a neighbour; empty: none
}

// layOut computes the columns and the cells.
func (d *latexGrid) layOut() {
	header := d.header()
	d.columns = make([]latexColumn, len(header))
	d.lines = make([][]string, len(d.Body))
	d.heights = make([]int, len(d.Body))
	groups := d.groups(header)
	for c, name := range header {
		d.columns[c].group = groups[c]
		d.layOutColumn(c, name)
	}
	d.rotate(header)
}

// rotate turns the headers of values by a right angle if the table would be too wide
// because of them.
func (d *latexGrid) rotate(header []string) {
	upright, turned := 0.0, 0.0
	for c, column := range d.columns {
		upright += column.points()
		if c >= d.labels() {
			column.width = turnedWidth(column, header[c])
		}
		turned += column.points()
	}
	if upright <= widestPart || turned > widestPart && turned > upright*rotatedShare {
		return
	}
	for c := d.labels(); c < len(d.columns); c++ {
		column := &d.columns[c]
		lines := wrapWords(header[c], wrapTurned, wrapTurned)
		column.group, column.width, column.height = "", turnedWidth(*column, header[c]), 1+int(widestOf(lines)*sizeNotes.em/lineHeight)
		column.head = "\\rotatebox{90}{" + stack("l", "c", lines, "", d.cite(header[c])) + "}"
		if strings.HasPrefix(column.format, "S") {
			column.head = "{" + column.head + "}"
		}
	}
}

// turnedWidth is the width of a column whose header is turned, in em.
func turnedWidth(c latexColumn, name string) float64 {
	lines := len(wrapWords(name, wrapTurned, wrapTurned))
	return max(c.body, float64(lines)*lineHeight/sizeNotes.em)
}

// points is the width of a column with the space around it.
func (c latexColumn) points() float64 { return c.width*sizeNotes.em + 2*columnSep }

// groups returns the first word of the headers that share it with a neighbour, such as
// CrossNER. It is printed once, above them.
func (d *latexGrid) groups(header []string) []string {
	groups := make([]string, len(header))
	for c := d.labels(); c+1 < len(header); c++ {
		first, rest, _ := strings.Cut(header[c], " ")
		next, nextRest, _ := strings.Cut(header[c+1], " ")
		if first == next && groupable(rest) && groupable(nextRest) {
			groups[c], groups[c+1] = first, first
		}
	}
	return groups
}

// groupable reports whether the rest of a header is a name by itself.
func groupable(rest string) bool {
	return rest != "" && !strings.HasPrefix(rest, dagger) && !strings.HasPrefix(rest, "(")
}

// layOutColumn computes a column, and appends its cells to the lines.
func (d *latexGrid) layOutColumn(c int, name string) {
	cells, marks := d.cutMarks(c)
	column := &d.columns[c]
	column.marked = slices.ContainsFunc(marks, func(mark string) bool { return mark != "" })
	align, wrap := "l", wrapText
	switch {
	case c < d.labels() && len(d.columns) > manyColumns:
		wrap = wrapLabelNarrow
	case c < d.labels():
		wrap = wrapLabel
	case numeric(cells):
		align = "r"
	}
	lines := make([][]string, len(cells))
	for i, cell := range cells {
		if lines[i] = []string{cell}; align == "l" {
			lines[i] = wrapWords(cell, wrap, wholeLabel)
		}
		column.body = max(column.body, widestOf(lines[i]), continued+widestOf(lines[i][1:]))
		d.heights[i] = max(d.heights[i], len(lines[i]))
	}
	head := wrapWords(strings.TrimPrefix(name, column.group+" "), max(wrapHeader, longestLine(lines)), wholeHeader)
	column.format, column.height = align, len(head)
	column.head = stack(align, "b", head, "", d.cite(name))
	column.width = max(column.body, widestOf(head))

	var numbers siunitxColumn
	if align == "r" && d.Siunitx {
		numbers = siunitxOf(cells)
	}
	if numbers.any() {
		column.format, column.head = numbers.format(), "{"+column.head+"}"
	}
	for i, cell := range cells {
		style, mark, cite := d.style(i, c), "", ""
		if marks[i] != "" {
			mark = "\\rlap{" + superscript(marks[i]) + "}"
		}
		if c < d.labels() {
			cite = d.cite(cell)
		}
		text := stack(align, "t", lines[i], style, cite) + mark
		if numbers.any() {
			text = numbers.cell(cell, style, mark)
		}
		d.lines[i] = append(d.lines[i], text)
	}
}

// cutMarks returns the cells of a column without the marks of notes, and the marks.
func (d *latexGrid) cutMarks(column int) (cells, marks []string) {
	for i := range d.Body {
		cell := ""
		if line := d.Grid.marked(i); column < len(line) {
			cell = line[column]
		}
		cell, mark := d.cutMark(cell)
		cells, marks = append(cells, cell), append(marks, mark)
		if mark != "" && !slices.Contains(d.marks, mark) {
			d.marks = append(d.marks, mark)
		}
	}
	return cells, marks
}

// longestLine is the number of characters that a column has anyway, so that its header
// can be as long.
func longestLine(cells [][]string) int {
	n := 0
	for _, lines := range cells {
		for _, line := range lines {
			n = max(n, utf8.RuneCountInString(line))
		}
	}
	return n
}

// style is the name of the style of a cell: bf, it or none.
func (d *latexGrid) style(line, column int) string {
	switch {
	case column >= len(d.Body[line]) || d.Body[line][column] == "":
		return ""
	case d.Grid.bold(line, column):
		return "bf"
	case d.printedElsewhere(line, column):
		return "it"
	}
	return ""
}

// cite is the command that cites a name, or empty.
func (d *latexGrid) cite(name string) string {
	if key := d.Cite[strings.TrimSuffix(name, " "+dagger)]; key != "" {
		return "~\\cite{" + key + "}"
	}
	return ""
}

// stack prints lines above each other, in a tabular if there are several.
func stack(align, position string, lines []string, style, end string) string {
	var out []string
	for i, line := range lines {
		s := escapeLatex(line)
		if i > 0 && position == "t" && align == "l" {
			s = fmt.Sprintf("\\hspace{%gem}", continued) + s // the next line of the table begins further left
		} else if i > 0 && (strings.HasPrefix(s, "[") || strings.HasPrefix(s, "*")) {
			s = "{}" + s
		}
		if style != "" {
			s = "\\text" + style + "{" + s + "}"
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return end
	}
	out[len(out)-1] += end
	if len(out) == 1 {
		return out[0]
	}
	return "\\begin{tabular}[" + position + "]{@{}" + align + "@{}}" + strings.Join(out, " \\\\ ") + "\\end{tabular}"
}

// numberPattern is the beginning of a cell of a column of numbers.
var numberPattern = regexp.MustCompile(`^[+−-]?[0-9]`)

// numeric reports whether a column has numbers: a cell begins with one, or no cell has a
// letter.
func numeric(cells []string) bool {
	letters := false
	for _, cell := range cells {
		if numberPattern.MatchString(cell) {
			return true
		}
		letters = letters || strings.ContainsAny(strings.ToLower(cell), "abcdefghijklmnopqrstuvwxyz[")
	}
	return !letters
}
