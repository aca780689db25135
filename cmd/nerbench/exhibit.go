package main

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/reports"
)

// exhibit is a table or a figure, ready to be written in every form.
type exhibit struct {
	name   string // of its files
	title  string // of its page
	grids  []reports.Grid
	figure *reports.Figure // nil: it is no figure
	json   any
}

// exhibitForms are the forms of an exhibit, the default first, and how their files
// end.
var exhibitForms = []struct{ name, ending string }{
	{"text", "txt"}, {"md", "md"}, {"csv", "csv"}, {"latex", "tex"}, {"json", "json"}, {"html", "html"}, {"svg", "svg"},
}

// formNames are the names of the forms.
func formNames() []string {
	var names []string
	for _, f := range exhibitForms {
		names = append(names, f.name)
	}
	return names
}

// write prints the exhibit in one of its forms. What is no figure has no form svg.
func (x *exhibit) write(w io.Writer, form string) error {
	switch form {
	case "json":
		return writeJSON(w, x.json)
	case "svg":
		if x.figure == nil {
			return fault.Usagef("%s: is no figure: it has no form svg", x.name)
		}
		return x.figure.WriteSVG(w)
	case "html":
		parts := []reports.FigurePart{{Figure: x.figure, Table: x.grids[0]}}
		for _, g := range x.grids[1:] {
			parts = append(parts, reports.FigurePart{Table: g})
		}
		return reports.WriteFigurePage(w, x.title, parts)
	}
	return writeGrids(w, x.grids, form)
}

// writeGrids writes tables below each other.
func writeGrids(w io.Writer, grids []reports.Grid, form string) error {
	for i, g := range grids {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := g.Write(w, form); err != nil {
			return err
		}
	}
	return nil
}

// writeFiles writes the exhibit into a folder: in one form, or in all that it has.
// It returns the number of files.
func (x *exhibit) writeFiles(dir, form string) (written int, err error) {
	for _, f := range exhibitForms {
		if form != "" && form != f.name || form == "" && f.name == "svg" && x.figure == nil {
			continue
		}
		file := filepath.Join(dir, x.name+"."+f.ending)
		if err := atomicfile.Write(file, func(w io.Writer) error { return x.write(w, f.name) }); err != nil {
			return written, err
		}
		written++
	}
	return written, nil
}

// readFormat is the form that --format names, of those that a command knows: with
// none named the first, with --json JSON.
func (env *environment) readFormat(command, named string, known []string) (string, error) {
	switch {
	case named == "" && env.json:
		return "json", nil
	case named == "":
		return known[0], nil
	case !slices.Contains(known, named):
		return "", fault.Usagef("%s: --format %s: unknown (one of %s)", command, named, strings.Join(known, ", "))
	}
	return named, nil
}
