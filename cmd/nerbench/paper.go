package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/reports/paper"
)

func paperCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "paper",
		Usage:     "print the paper's tables and figures, with your own runs",
		ArgsUsage: "ITEM|all",
		Description: `paper ITEM prints one item: ` + strings.Join(paperNames(), ", ") + `.
paper all --out DIR writes all items in all formats, ready for \input in LaTeX, and
references.bib with the papers of the datasets.

Published numbers have their own style, and are never averaged with your own.
Missing runs are marked, and do not count as 0. Footnotes list contradictions
between numbers of the paper.`,
		Flags: []cli.Flag{
			formatFlag(reports.ExhibitFormats()),
			latexFlag(),
			&cli.StringFlag{Name: "out", Usage: "write files to `DIR`"},
			whereFlag(),
			&cli.StringSliceFlag{Name: "distill", Usage: "table1: add constructed data in the folders `DIR` (distill construct)"},
			runOnlyFlag("leave out datasets that were not run (default: in text and md if most were not)"),
		},
		Action: func(c *cli.Context) error { return env.paper(c) },
	}
}

func paperNames() []string {
	items, _ := paper.Items() // they are linted
	var names []string
	for _, i := range items {
		names = append(names, i.Name)
	}
	return names
}

func (env *environment) paper(c *cli.Context) error {
	if c.NArg() != 1 {
		return fault.Usagef("paper: want ITEM (one of %s) or all", strings.Join(paperNames(), ", "))
	}
	name, out := c.Args().First(), c.String("out")
	switch {
	case name != "all" && !slices.Contains(paperNames(), name):
		return fault.Usagef("paper %s: unknown%s", name, ner.Choices(name, append(paperNames(), "all")))
	case name == "all" && out == "":
		return fault.Usagef("paper all: want --out DIR")
	}
	format, err := env.readFormat("paper", c.String("format"), reports.ExhibitFormats())
	if err != nil {
		return err
	}
	latex, err := env.readLatex(c, "paper", format, out != "" && (name == "all" || !c.IsSet("format")))
	if err != nil {
		return err
	}
	where, err := readWhere(c.StringSlice("where"), ner.KeyNames())
	if err != nil {
		return err
	}
	items, err := paper.Select(name)
	if err != nil {
		return err
	}
	parts, benchmark, err := env.bench.PaperExhibits(c.Context, items, where, readRunOnly(c))
	if err != nil {
		return err
	}
	if dirs := c.StringSlice("distill"); len(dirs) > 0 {
		if err := harness.PaperConstructed(c.Context, parts, dirs); err != nil {
			return err
		}
	}
	for i := range parts {
		parts[i].Latex = latex
	}
	if out == "" {
		if err := parts[0].Write(env.output(format), env.printed(format)); err != nil {
			return fmt.Errorf("paper: %w", err)
		}
		return nil
	}
	if name == "all" || !c.IsSet("format") {
		format = "" // all formats
	}
	written := []string{}
	for _, x := range parts {
		names, err := writeExhibit(out, &x, format)
		if err != nil {
			return fmt.Errorf("paper: %w", err)
		}
		written = append(written, names...)
	}
	if format == "" || format == "latex" {
		if err := env.writePaperReferences(out, items, benchmark); err != nil {
			return fmt.Errorf("paper: %w", err)
		}
		written = append(written, referencesFile)
	}
	env.note("wrote %s to %s", ner.Count(len(written), "file"), out)
	if env.json {
		return env.printJSON(map[string][]string{"files": written})
	}
	return nil
}

// runOnlyFlag leaves out datasets that were not run.
func runOnlyFlag(usage string) cli.Flag { return &cli.BoolFlag{Name: "run-only", Usage: usage} }

// readRunOnly returns the value of --run-only; nil if it is not given.
func readRunOnly(c *cli.Context) *bool {
	if !c.IsSet("run-only") {
		return nil
	}
	v := c.Bool("run-only")
	return &v
}

// writeExhibit writes an exhibit into a folder. An empty format stands for all
// formats. It returns the names of the files.
func writeExhibit(dir string, x *reports.Exhibit, format string) (written []string, err error) {
	for _, f := range x.Files(format) {
		name := filepath.Join(dir, f.Name)
		if err := atomicfile.Write(name, func(w io.Writer) error { return x.Write(w, f.Format) }); err != nil {
			return written, err
		}
		written = append(written, name)
	}
	return written, nil
}
