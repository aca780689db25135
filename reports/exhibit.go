package reports

import (
	"fmt"
	"io"

	"nerbench/internal/fault"
	"nerbench/ner"
)

// Exhibit is a table or a figure that can be written in many forms, each to a file of
// its own.
type Exhibit struct {
	Name   string // of its files, without an ending
	Title  string // of its HTML page
	Grids  []Grid // one at least
	Figure *Figure
	JSON   any // the value of the form json
	// Latex holds the options of the form latex. The name is the label if it has none.
	Latex Latex
}

// exhibitForms lists the forms of an exhibit with the endings of their files.
var exhibitForms = []struct{ name, ending string }{
	{"text", "txt"}, {"md", "md"}, {"csv", "csv"}, {"latex", "tex"}, {"json", "json"}, {"html", "html"}, {"svg", "svg"},
}

// ExhibitFormats lists the names of the forms of an exhibit, the default first.
func ExhibitFormats() []string {
	names := make([]string, len(exhibitForms))
	for i, f := range exhibitForms {
		names[i] = f.name
	}
	return names
}

// Write prints the exhibit in one of [ExhibitFormats]. The form svg of an exhibit
// without a figure, and an unknown form, are a [fault.UsageError].
func (x *Exhibit) Write(w io.Writer, format string) error {
	switch format {
	case "latex":
		o := x.Latex
		if o.Label == "" {
			o.Label = x.Name
		}
		return WriteLatex(w, o, x.Grids...)
	case "text", Terminal, "md", "csv":
		return x.writeGrids(w, format)
	case "json":
		return encodeJSON(w, x.JSON)
	case "html":
		parts := make([]figurePart, len(x.Grids))
		for i, g := range x.Grids {
			parts[i].Table = g
		}
		parts[0].Figure = x.Figure
		return writeFigurePage(w, x.Title, parts)
	case "svg":
		if x.Figure == nil {
			return fault.Usagef("%s: format svg: not a figure", x.Name)
		}
		return x.Figure.WriteSVG(w)
	}
	return fault.Usagef("%s: format %q: unknown%s", x.Name, format, ner.Choices(format, ExhibitFormats()))
}

// writeGrids writes the tables, separated by empty lines.
func (x *Exhibit) writeGrids(w io.Writer, format string) error {
	for i, g := range x.Grids {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := g.Write(w, format); err != nil {
			return err
		}
	}
	return nil
}

// ExhibitFile is a file of an exhibit.
type ExhibitFile struct{ Name, Format string }

// Files lists the files of the exhibit: one in a format, or with an empty format one
// in each format that the exhibit has.
func (x *Exhibit) Files(format string) []ExhibitFile {
	var files []ExhibitFile
	for _, f := range exhibitForms {
		available := f.name != "svg" || x.Figure != nil
		if format == f.name || format == "" && available {
			files = append(files, ExhibitFile{x.Name + "." + f.ending, f.name})
		}
	}
	return files
}
