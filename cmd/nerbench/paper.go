package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/reports/paper"
)

func paperCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "paper",
		Usage:     "print the paper's tables and figures with own runs beside them",
		ArgsUsage: "ITEM|all",
		Description: `paper ITEM prints one: ` + strings.Join(paperNames(), ", ") + `.
paper all --out DIR writes all of them in every form, for a paper to \input.

Published numbers are set in another style, and never averaged with own ones. What was
not run says so, never 0; the footnotes say where the paper's own numbers part.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "`FORMAT`: " + strings.Join(reports.ExhibitFormats(), ", ") + " (default: text; with --json: json)"},
			&cli.StringFlag{Name: "out", Usage: "`DIR` to write to"},
			whereFlag(),
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
		return fault.Usagef("paper %s: unknown (one of %s, all)", name, strings.Join(paperNames(), ", "))
	case name == "all" && out == "":
		return fault.Usagef("paper all: want --out DIR to write to")
	}
	format, err := env.readFormat("paper", c.String("format"), reports.ExhibitFormats())
	if err != nil {
		return err
	}
	where, err := readWhere(c.StringSlice("where"), func(key string) bool { return slices.Contains(ner.KeyNames(), key) })
	if err != nil {
		return err
	}
	parts, err := env.paperExhibits(c.Context, name, where)
	if err != nil {
		return err
	}
	if out == "" {
		if err := parts[0].Write(env.stdout, env.printed(format)); err != nil {
			return fmt.Errorf("paper: %w", err)
		}
		return nil
	}
	if name == "all" || !c.IsSet("format") {
		format = "" // in all forms
	}
	written := 0
	for _, x := range parts {
		n, err := writeExhibit(out, &x, format)
		if err != nil {
			return fmt.Errorf("paper: %w", err)
		}
		written += n
	}
	env.note("%d files are in %s", written, out)
	return nil
}

// paperExhibits builds one item, or all of them.
func (env *environment) paperExhibits(ctx context.Context, name string, where map[string][]string) ([]reports.Exhibit, error) {
	items, err := paper.Items()
	if err != nil {
		return nil, err
	}
	found, all, err := env.paperRuns(ctx, where)
	if err != nil {
		return nil, err
	}
	spec := reports.Spec{Benchmark: found.Benchmark, Ratios: harness.Ratios, Doubled: harness.Doubled}
	var parts []reports.Exhibit
	for _, item := range items {
		if name != "all" && item.Name != name {
			continue
		}
		if item.Lines == "data" {
			part, err := env.paperData(ctx, item)
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
			continue
		}
		runs := found.Results
		if item.Own != "" { // it pairs runs, also those of a few passages
			runs = all
		}
		t, err := paper.Build(item, runs, spec)
		if err != nil {
			return nil, err
		}
		parts = append(parts, reports.Exhibit{Name: item.Name, Title: item.Title, Grids: t.Grids(), Figure: t.Figure(), JSON: t})
	}
	return parts, nil
}

// paperRuns reads the runs of the store: those that tables are made of, and all of
// them. Without a store there are none, and the published numbers stand alone.
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
	runs, err := harness.SelectRuns(ctx, store, where)
	if err != nil {
		return found, nil, err
	}
	all, err = harness.ReportResults(ctx, store, runs, 0)
	return found, all, err
}

// paperData is Table 6, which needs the files of the datasets.
func (env *environment) paperData(ctx context.Context, item paper.Item) (reports.Exhibit, error) {
	ds, err := env.bench.SelectDatasets(nil, "full49", "")
	if err != nil {
		return reports.Exhibit{}, err
	}
	lines, err := env.bench.Stats(ctx, ds)
	if err != nil {
		return reports.Exhibit{}, err
	}
	g := statsGrid(lines)
	notes, err := item.Notes()
	if err != nil {
		return reports.Exhibit{}, err
	}
	g.Title, g.Notes = item.Title, append(notes, g.Notes...)
	return reports.Exhibit{Name: item.Name, Title: item.Title, Grids: []reports.Grid{g}, JSON: lines}, nil
}
