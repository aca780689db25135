package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
		return fault.Usagef("paper %s: unknown (one of %s, all)%s", name, strings.Join(paperNames(), ", "), ner.DidYouMean(name, paperNames()))
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
	items, err := paperItems(name)
	if err != nil {
		return err
	}
	parts, benchmark, err := env.paperExhibits(c.Context, items, where, readRunOnly(c))
	if err != nil {
		return err
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
	env.note("wrote %d files to %s", len(written), out)
	if env.json {
		return env.printJSON(map[string][]string{"files": written})
	}
	return nil
}

// paperItems returns one item, or all of them.
func paperItems(name string) ([]paper.Item, error) {
	items, err := paper.Items()
	return slices.DeleteFunc(items, func(i paper.Item) bool { return name != "all" && i.Name != name }), err
}

// paperExhibits returns items with own runs, and the datasets of the benchmark.
func (env *environment) paperExhibits(ctx context.Context, items []paper.Item, where map[string][]string, runOnly *bool) ([]reports.Exhibit, []reports.DatasetInfo, error) {
	found, all, err := env.paperRuns(ctx, where)
	if err != nil {
		return nil, nil, err
	}
	spec := reports.Spec{Benchmark: found.Benchmark, Ratios: harness.Ratios, Doubled: harness.Doubled}
	var parts []reports.Exhibit
	for _, item := range items {
		if item.Lines == "data" {
			part, err := env.paperData(ctx, item)
			if err != nil {
				return nil, nil, err
			}
			parts = append(parts, part)
			continue
		}
		runs := found.Results
		if item.Own != "" { // partial runs can also be paired
			runs = all
		}
		t, err := paper.Build(item, runs, spec)
		if err != nil {
			return nil, nil, err
		}
		if runOnly != nil && *runOnly {
			t.RunOnly()
		}
		grids := t.Grids()
		if runOnly != nil { // else text and Markdown are brief by themselves
			grids[0].Brief = nil
		}
		parts = append(parts, reports.Exhibit{Name: item.Name, Title: item.Title, Grids: grids, Figure: t.Figure(), JSON: t})
	}
	return parts, found.Benchmark, nil
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

// paperRuns reads the runs of the tables, and all runs of the store. Without a store
// there are only the published numbers.
func (env *environment) paperRuns(ctx context.Context, where map[string][]string) (found harness.Reported, all []reports.Result, err error) {
	store, err := env.bench.ReadStore(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		ds, err := env.bench.SelectDatasets(nil, "full49", "")
		return harness.Reported{Benchmark: env.bench.DatasetInfos(ctx, ds)}, nil, err
	}
	if err != nil {
		return found, nil, err
	}
	defer store.Close()
	if found, err = env.bench.Reported(ctx, store, where, "full49", 0); err != nil {
		return found, nil, err
	}
	if len(found.Runs) == 0 && len(where) > 0 {
		runs, err := harness.SelectRuns(ctx, store, nil)
		if err != nil {
			return found, nil, err
		}
		env.note("%s", harness.WhyNone(runs, where))
	}
	all, err = harness.Results(ctx, store, where)
	return found, all, err
}

// paperData returns Table 6. It reads the files of the datasets.
func (env *environment) paperData(ctx context.Context, item paper.Item) (reports.Exhibit, error) {
	ds, err := env.bench.SelectDatasets(nil, "full49", "")
	if err != nil {
		return reports.Exhibit{}, err
	}
	lines, err := env.bench.Stats(ctx, ds)
	if err != nil {
		return reports.Exhibit{}, err
	}
	g := harness.StatsGrid(lines)
	notes, err := item.Notes()
	if err != nil {
		return reports.Exhibit{}, err
	}
	g.Title, g.Notes = item.Title, append(notes, g.Notes...)
	return reports.Exhibit{Name: item.Name, Title: item.Title, Grids: []reports.Grid{g}, JSON: lines}, nil
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
