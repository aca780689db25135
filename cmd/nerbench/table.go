package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
)

func tableCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "table",
		Usage: "print scores by two keys of the runs, such as dataset and model",
		Description: `table prints F1 by dataset and model. --rows and --cols select other keys: a key of
the runs, domain (of the dataset), or system (a model with its settings):
  ` + strings.Join(tableKeys(), ", ") + `

Datasets without a run are marked, and do not count as 0. Averages show the number
of their datasets. The formats csv and json also have counts, precision and recall.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "rows", Value: reports.KeyDataset, Usage: "`KEY` whose values are the rows"},
			&cli.StringFlag{Name: "cols", Value: reports.KeyModel, Usage: "`KEY` whose values are the columns"},
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` (default: span_f1)"},
			whereFlag(),
			&cli.StringFlag{Name: "suite", Usage: "`SUITE` of datasets: full49, crossner-mit, supervised20, or a domain (default: all datasets)"},
			&cli.StringSliceFlag{Name: "published", Usage: "add published `SYSTEMS`, such as GLiNER-L"},
			&cli.BoolFlag{Name: "ranks", Usage: "print the rank range of each system; bold: it begins at 1"},
			runOnlyFlag("leave out datasets that were not run, also in csv and json"),
			&cli.IntFlag{Name: "ci", Usage: "95 % intervals of `N` resamples, at least 1000 (default: none)"},
			formatFlag(reports.Formats()),
			latexFlag(),
		},
		Action: func(c *cli.Context) error { return env.table(c) },
	}
}

func tableKeys() []string { return append(ner.KeyNames(), reports.KeyDomain, reports.KeySystem) }

func (env *environment) table(c *cli.Context) error {
	format, err := env.readFormat("table", c.String("format"), reports.Formats())
	if err != nil {
		return err
	}
	latex, err := env.readLatex(c, "table", format, false)
	if err != nil {
		return err
	}
	spec, err := readSpec(c)
	if err != nil {
		return err
	}
	resamples, err := readResamples(c.Int("ci"))
	if err != nil {
		return err
	}
	t, err := env.bench.Table(c.Context, harness.TableRequest{
		Spec: spec, Suite: c.String("suite"), Resamples: resamples, Published: splitCommas(c.StringSlice("published")), Ranks: c.Bool("ranks"),
	})
	if err != nil {
		return err
	}
	t.Latex, t.RunOnly = latex, c.Bool("run-only")
	return t.Write(env.output(format), env.printed(format))
}

// readSpec reads the axes, metrics and conditions of a table. An unknown one is a
// usage error.
func readSpec(c *cli.Context) (reports.Spec, error) {
	known := func(key string) bool { return slices.Contains(tableKeys(), key) }
	spec := reports.Spec{Rows: c.String("rows"), Cols: c.String("cols"), Metrics: splitList(c.StringSlice("metric"))}
	for _, axis := range []string{"rows", "cols"} {
		if key := c.String(axis); !known(key) {
			return spec, fault.Usagef("table: --%s: %v", axis, ner.UnknownKey(key, tableKeys()))
		}
	}
	if spec.Rows == spec.Cols {
		return spec, &fault.Hint{
			Err: fault.Usagef("table: --rows and --cols are both %s", spec.Rows), Advice: "name two different keys",
		}
	}
	for _, id := range spec.Metrics {
		if _, _, err := metrics.ParseID(id); err != nil {
			return spec, fault.Usagef("table: %v", err)
		}
	}
	var err error
	spec.Where, err = readWhere(c.StringSlice("where"), tableKeys())
	return spec, err
}
