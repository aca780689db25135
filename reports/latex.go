package reports

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Latex holds the options of the form latex.
type Latex struct {
	// Siunitx aligns numbers at the decimal point, by the package siunitx.
	Siunitx bool
	// Float makes each table a float with a caption and a label. A table that is longer
	// than a page becomes several floats.
	Float bool
	// Label is the name of the label, without "tab:"; empty: no label.
	Label string
	// Cite are the BibTeX keys to cite beside names of lines and columns.
	Cite map[string]string
}

// LatexOptions lists the names that [Latex.Set] reads, with their meanings.
var LatexOptions = []struct{ Name, Meaning string }{
	{"siunitx", "align numbers at the decimal point, by the package siunitx"},
	{"float", "floats with caption and label; long tables in several"},
	{"cite", "cite each dataset; nerbench datasets cite prints the references"},
}

// Set switches an option of [LatexOptions] on, except cite, which is the map Cite. It
// reports whether the option exists.
func (l *Latex) Set(name string) bool {
	switch name {
	case "siunitx":
		l.Siunitx = true
	case "float":
		l.Float = true
	default:
		return name == "cite"
	}
	return true
}

// writeLatex prints the table for \input, one tabular for each metric.
func writeLatex(w io.Writer, t *Table) error {
	var b bytes.Buffer
	var grids []Grid
	for _, metric := range t.Metrics {
		grids = append(grids, t.grid(metric))
	}
	if err := WriteLatex(&b, t.Latex, grids...); err != nil {
		return err
	}
	for _, line := range t.signatureLines() {
		fmt.Fprintf(&b, "%% %s\n", printable(line))
	}
	for _, warning := range t.Warnings {
		fmt.Fprintf(&b, "%% warning: %s\n", printable(warning))
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("table: latex: %w", err)
	}
	return nil
}

// WriteLatex prints grids for \input. It begins with a comment that names the packages
// that a document needs. No table is wider than the line: it is reduced if needed, and
// a very wide or long one is printed in parts. Without [Latex.Float] a grid can stand
// in the text, or in a table environment.
func WriteLatex(w io.Writer, o Latex, grids ...Grid) error {
	b := &bytes.Buffer{}
	packages := "booktabs, graphicx"
	if o.Siunitx {
		packages += ", siunitx"
	}
	fmt.Fprintf(b, "%% LaTeX packages: %s\n", packages)
	if len(o.Cite) > 0 {
		b.WriteString("% references: nerbench datasets cite > references.bib\n")
	}
	for i := range grids {
		label := o.Label
		if label != "" && i > 0 {
			label = fmt.Sprintf("%s-%d", label, i+1)
		}
		d := &latexGrid{Grid: grids[i], Latex: o, label: label, out: b}
		d.write()
	}
	_, err := w.Write(b.Bytes())
	return err
}

// latexGrid is the state of printing a grid.
type latexGrid struct {
	Grid
	Latex
	label string
	out   *bytes.Buffer

	columns []latexColumn
	lines   [][]string // of the body
	heights []int      // of the lines, in lines of text
	marks   []string   // of the notes, such as "(a)", that cells have too
}

func (d *latexGrid) printf(format string, args ...any) { fmt.Fprintf(d.out, format, args...) }

func (d *latexGrid) write() {
	d.printf("\n%% %s\n", printable(d.Title))
	d.layOut()
	notes := d.notes()
	if len(d.Body) == 0 {
		d.printf("%% nothing was run\n")
		d.writeNotes(notes)
		return
	}
	parts := d.parts()
	if len(parts) > 1 && !d.Float {
		d.printf("%% %d parts, since it is large: put it into the text, or print it with the option float\n", len(parts))
	} else if !d.Float && d.widest(parts) > columnWidth {
		d.printf("%% wide: in two columns, put it into table*\n")
	}
	for i, p := range parts {
		last := i == len(parts)-1
		switch {
		case d.Float:
			inside := last && d.noteHeight(notes) <= pageLines-p.height
			d.begin(p, i)
			d.writePart(p)
			if inside {
				d.writeNotes(notes)
			}
			d.printf("\\end{%s}\n", d.environment(p))
			if last && !inside {
				d.writeNotes(notes)
			}
		default:
			d.writePart(p)
			if last {
				d.writeNotes(notes)
			}
		}
	}
}

// environment is the float of a part: over both columns if it does not fit into one.
func (d *latexGrid) environment(p latexPart) string {
	if p.width > columnWidth {
		return "table*"
	}
	return "table"
}

// captionPrefix is the number of a table or figure of the paper; a float has its own.
var captionPrefix = regexp.MustCompile(`^(Table|Fig\.) [0-9]+[a-z]?: `)

// begin opens the float of a part.
func (d *latexGrid) begin(p latexPart, part int) {
	d.printf("\\begin{%s}[tp]\n\\centering\n", d.environment(p))
	title := d.Title
	if prefix := captionPrefix.FindString(title); prefix != "" {
		first, size := utf8.DecodeRuneInString(title[len(prefix):])
		title = string(unicode.ToUpper(first)) + title[len(prefix)+size:]
	}
	caption := escapeLatex(title)
	switch {
	case part > 0:
		d.printf("\\addtocounter{table}{-1}\n\\caption[]{%s (continued)}\n", caption)
	case d.label != "":
		d.printf("\\caption{%s}\n\\label{tab:%s}\n", caption, d.label)
	default:
		d.printf("\\caption{%s}\n", caption)
	}
}

// writePart prints a part in a group of its own. It is reduced to the width of the line
// if it is wider.
func (d *latexGrid) writePart(p latexPart) {
	d.printf("\\begingroup\\par\\medskip\\%s\\setlength{\\tabcolsep}{%gpt}", p.size.name, columnSep)
	if d.Siunitx {
		d.printf("\\sisetup{detect-all,group-digits=none}")
	}
	d.printf("%%\n\\noindent\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%%\n\\begin{tabular}{@{}")
	for _, c := range p.columns {
		d.printf("%s", d.columns[c].format)
	}
	if !d.columns[p.columns[len(p.columns)-1]].marked {
		d.printf("@{}")
	}
	d.printf("}\n\\toprule\n")
	d.writeGroups(p.columns)
	d.writeLine(p.columns, func(column int) string { return d.columns[column].head })
	d.printf("\\midrule\n")
	for line := p.first; line < p.end; line++ {
		d.writeLine(p.columns, func(column int) string { return d.lines[line][column] })
	}
	d.printf("\\bottomrule\n\\end{tabular}}\\par\\endgroup\n")
}

// writeGroups prints the words that headers share, each above its columns.
func (d *latexGrid) writeGroups(columns []int) {
	var cells, rules []string
	for i := 0; i < len(columns); {
		group, end := d.columns[columns[i]].group, i+1
		for end < len(columns) && group != "" && d.columns[columns[end]].group == group {
			end++
		}
		cell := ""
		if group != "" {
			cell = fmt.Sprintf("\\multicolumn{%d}{c}{%s}", end-i, escapeLatex(group))
			rules = append(rules, fmt.Sprintf("\\cmidrule(lr){%d-%d}", i+1, end))
		}
		cells = append(cells, cell)
		i = end
	}
	if len(rules) > 0 {
		d.printf("%s \\\\\n%s\n", strings.Join(cells, " & "), strings.Join(rules, " "))
	}
}

func (d *latexGrid) writeLine(columns []int, text func(column int) string) {
	for i, c := range columns {
		s := text(c)
		switch {
		case i > 0:
			d.printf(" & ")
		case strings.HasPrefix(s, "[") || strings.HasPrefix(s, "*"):
			d.printf("{}") // both belong to a preceding \\ or rule
		}
		d.printf("%s", s)
	}
	d.printf(" \\\\\n")
}

// writeNotes prints the notes, a paragraph each, in a group of their own.
func (d *latexGrid) writeNotes(notes []string) {
	if len(notes) == 0 {
		return
	}
	d.printf("\\begingroup\\par\\smallskip\\footnotesize\\raggedright\n")
	for _, note := range notes {
		text := strings.TrimSuffix(note, ".") + "."
		mark, rest, _ := strings.Cut(text, " ")
		if slices.Contains(d.marks, mark) {
			text = superscript(mark) + breakable(rest)
		} else {
			text = breakable(text)
		}
		d.printf("\\noindent %s\\par\n", text)
	}
	d.printf("\\medskip\\endgroup\n")
}

// markPattern is the mark of a note, at the end of a cell or the beginning of a note.
var markPattern = regexp.MustCompile(`^\([a-z0-9]+\)$`)

// cutMark returns a cell without the mark of a note at its end.
func (d *latexGrid) cutMark(cell string) (text, mark string) {
	at := strings.LastIndexByte(cell, ' ')
	if at < 0 || !markPattern.MatchString(cell[at+1:]) {
		return cell, ""
	}
	mark = cell[at+1:]
	if !slices.ContainsFunc(d.Notes, func(note string) bool { return strings.HasPrefix(note, mark+" ") }) {
		return cell, ""
	}
	return cell[:at], mark
}

func superscript(mark string) string {
	return "\\textsuperscript{" + strings.Trim(mark, "()") + "}"
}
