package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/reports"
)

// latexFlag is the flag of commands that print LaTeX.
func latexFlag() cli.Flag {
	var names []string
	for _, o := range reports.LatexOptions {
		names = append(names, o.Name)
	}
	return &cli.StringSliceFlag{Name: "latex", Usage: "`OPTIONS` of the format latex: " + strings.Join(names, ", ")}
}

// readLatex reads the options of the format latex. The command writes LaTeX if its
// format is latex, or if it writes all formats.
func (env *environment) readLatex(c *cli.Context, command, format string, all bool) (reports.Latex, error) {
	var o reports.Latex
	options := splitList(c.StringSlice("latex"))
	if len(options) > 0 && format != "latex" && !all {
		return o, fault.Usagef("%s: --latex has no effect without --format latex", command)
	}
	for _, name := range options {
		if !o.Set(name) {
			var known []string
			for _, o := range reports.LatexOptions {
				known = append(known, o.Name)
			}
			return o, fault.Usagef("%s: --latex %s: unknown%s", command, name, ner.Choices(name, known))
		}
		if name == "cite" {
			o.Cite = env.citations()
		}
	}
	return o, nil
}

// citations are the BibTeX keys of all datasets, by their ids and their titles.
func (env *environment) citations() map[string]string {
	keys := map[string]string{}
	ds, _ := env.bench.AllDatasets() // bad files are reported by the command
	for _, d := range ds {
		keys[d.ID], keys[d.Title] = d.Citation.Key, d.Citation.Key
	}
	return keys
}
