package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// writeLatex prints the table for \input, one tabular for each metric. A document needs
// the package booktabs.
func writeLatex(w io.Writer, t *Table) error {
	var b bytes.Buffer
	for i, metric := range t.Metrics {
		if i > 0 {
			b.WriteByte('\n')
		}
		if err := latexGrid(&b, t.grid(metric)); err != nil {
			return err
		}
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

// latexGrid prints a grid. Its title is a comment, its notes are a paragraph below.
func latexGrid(w io.Writer, g Grid) error {
	b := &bytes.Buffer{}
	fmt.Fprintf(b, "%% %s\n", printable(g.Title))
	if len(g.Body) == 0 {
		b.WriteString("% nothing was run\n")
	} else {
		fmt.Fprintf(b, "\\begin{tabular}{%s%s}\n\\toprule\n", strings.Repeat("l", g.labels()), strings.Repeat("r", len(g.Header)-g.labels()))
		latexLine(b, g.header(), func(int) string { return "" })
		b.WriteString("\\midrule\n")
		for i := range g.Body {
			latexLine(b, g.marked(i), func(column int) string {
				switch {
				case g.bold(i, column):
					return "\\textbf"
				case g.printedElsewhere(i, column):
					return "\\textit"
				}
				return ""
			})
		}
		b.WriteString("\\bottomrule\n\\end{tabular}\n")
	}
	for i, note := range g.notes() {
		if i == 0 {
			b.WriteString("\n\\smallskip\\noindent\\footnotesize\n")
		}
		fmt.Fprintf(b, "%s.\\\\\n", strings.TrimSuffix(escapeLatex(note), "."))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// latexLine writes the cells of a line; style is the command that sets each.
func latexLine(b *bytes.Buffer, cells []string, style func(column int) string) {
	for i, s := range cells {
		if i > 0 {
			b.WriteString(" & ")
		}
		if command := style(i); command != "" && s != "" {
			b.WriteString(command + "{" + escapeLatex(s) + "}")
		} else {
			b.WriteString(escapeLatex(s))
		}
	}
	b.WriteString(" \\\\\n")
}

// latexEscapes are the characters that have a meaning in LaTeX, and those that
// pdfLaTeX does not print without further packages.
var latexEscapes = map[rune]string{
	'\\': "\\textbackslash{}", '{': "\\{", '}': "\\}", '$': "\\$", '&': "\\&", '#': "\\#", '%': "\\%", '_': "\\_",
	'^': "\\textasciicircum{}", '~': "\\textasciitilde{}", '<': "\\textless{}", '>': "\\textgreater{}",
	'–': "--", '—': "---", '…': "\\ldots{}", '→': "$\\to$", '±': "$\\pm$", '×': "$\\times$", '≤': "$\\le$", '≥': "$\\ge$", 'Δ': "$\\Delta$", '†': "$\\dagger$", '−': "$-$",
}

// escapeLatex escapes a string so that LaTeX prints it as text.
func escapeLatex(s string) string {
	var b strings.Builder
	for _, r := range printable(s) {
		if e, ok := latexEscapes[r]; ok {
			b.WriteString(e)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
