package reports

import (
	"fmt"
	"io"

	"nerbench/ner"
)

// renderers lists the forms of a table. A new form is a function and a line here.
var renderers = []struct {
	name   string
	render func(io.Writer, *Table) error
}{
	{"text", func(w io.Writer, t *Table) error { return writeText(w, t, false) }},
	{"md", writeMarkdown},
	{"csv", writeCSV},
	{"latex", writeLatex},
	{"html", writeHTMLTable},
	{"json", writeJSON},
}

// Terminal is the form text with the best values in bold, for a terminal. It is in no
// list of forms, because users do not name it.
const Terminal = "terminal"

// TerminalStyles are the sequences in the form [Terminal].
var TerminalStyles = []string{boldOn, boldOff}

// Formats lists the names of the forms, the default first.
func Formats() []string {
	names := make([]string, len(renderers))
	for i, r := range renderers {
		names[i] = r.name
	}
	return names
}

// Write prints the table in one of [Formats].
func (t *Table) Write(w io.Writer, format string) error {
	if format == Terminal {
		return writeText(w, t, true)
	}
	for _, r := range renderers {
		if r.name == format {
			return r.render(w, t)
		}
	}
	return fmt.Errorf("table: format %q: unknown%s", format, ner.Choices(format, Formats()))
}
