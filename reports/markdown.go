package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// writeMarkdown prints the table in GitHub's dialect, one grid for each metric.
func writeMarkdown(w io.Writer, t *Table) error {
	var b bytes.Buffer
	for i, metric := range t.Metrics {
		if i > 0 {
			b.WriteByte('\n')
		}
		if err := markdownGrid(&b, t.grid(metric)); err != nil {
			return err
		}
	}
	for i, line := range t.signatureLines() {
		if i == 0 { // the title
			fmt.Fprintf(&b, "\n%s\n\n", escapeMarkdown(line))
			continue
		}
		fmt.Fprintf(&b, "- %s\n", escapeMarkdown(line))
	}
	for i, warning := range t.Warnings {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "> **Warning:** %s\n", escapeMarkdown(warning))
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("table: markdown: %w", err)
	}
	return nil
}

func markdownGrid(w io.Writer, g Grid) error {
	b := &bytes.Buffer{}
	fmt.Fprintf(b, "**%s**\n\n", escapeMarkdown(g.Title))
	if len(g.Body) == 0 {
		b.WriteString("Nothing was run.\n")
	} else {
		markdownLine(b, g.header(), func(int) string { return "" })
		b.WriteString(strings.Repeat("|:--", g.labels()))
		b.WriteString(strings.Repeat("|--:", len(g.Header)-g.labels()))
		b.WriteString("|\n")
		for i := range g.Body {
			markdownLine(b, g.marked(i), func(column int) string {
				switch {
				case g.bold(i, column):
					return "**"
				case g.printedElsewhere(i, column):
					return "_"
				}
				return ""
			})
		}
	}
	for i, note := range g.notes() {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "- %s\n", escapeMarkdown(note))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// markdownLine writes the cells of a line; style is the markup around each.
func markdownLine(b *bytes.Buffer, cells []string, style func(column int) string) {
	for i, s := range cells {
		around := style(i)
		if s == "" {
			around = ""
		}
		b.WriteString("| " + around + escapeMarkdown(s) + around + " ")
	}
	b.WriteString("|\n")
}

// escapeMarkdown escapes a string so that it has no markup, no HTML and no end of a
// cell. An underscore inside a word is not markup and is kept.
func escapeMarkdown(s string) string {
	runes := []rune(printable(s))
	var b strings.Builder
	for i, r := range runes {
		switch {
		case r == '_' && inWord(runes, i):
			b.WriteRune(r)
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\|`*_[]~", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func inWord(runes []rune, i int) bool {
	letter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return i > 0 && i+1 < len(runes) && letter(runes[i-1]) && letter(runes[i+1])
}
