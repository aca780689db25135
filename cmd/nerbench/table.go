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
		Usage: "print two keys of the runs against each other",
		Description: `table prints F1 by dataset and model; --datasets KEY and --cols KEY span any other table.
Keys are those of runs, domain (of the dataset), and system (a model, with whatever
tells two ways of asking it apart):
  ` + strings.Join(tableKeys(), ", ") + `

Datasets that were not run are shown as such, never as 0; averages say over how many
datasets they are. Other formats hold more: counts, precision, recall, runs.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "rows", Value: reports.KeyDataset, Usage: "`KEY` whose values are the lines"},
			&cli.StringFlag{Name: "cols", Value: reports.KeyModel, Usage: "`KEY` whose values are the columns"},
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` (default: span_f1)"},
			whereFlag(),
			&cli.StringFlag{Name: "suite", Usage: "`SUITE` of datasets: full49, crossner-mit, supervised20, or a domain (default: all datasets)"},
			&cli.StringSliceFlag{Name: "published", Usage: "published `SYSTEMS` beside own runs, such as GLiNER-L"},
			&cli.BoolFlag{Name: "ranks", Usage: "print the range of ranks of each system; bold: it begins at 1"},
			&cli.IntFlag{Name: "ci", Usage: "95 % intervals of `N` resamples, at least 1000 (default: none)"},
			&cli.StringFlag{Name: "format", Usage: "`FORMAT`: " + strings.Join(reports.Formats(), ", ") + " (default: text; with --json: json)"},
		},
		Action: func(c *cli.Context) error { return env.table(c) },
	}
}

func tableKeys() []string { return append(ner.KeyNames(), reports.KeyDomain, reports.KeySystem) }

func (env *environment) table(c *cli.Context) error {
	if c.NArg() > 0 {
		return fault.Usagef("table: unexpected argument %q (runs are selected with --where)", c.Args().First())
	}
	format, err := env.readFormat("table", c.String("format"), reports.Formats())
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
	store, err := env.bench.ReadStore(c.Context)
	if err != nil {
		return err
	}
	defer store.Close()
	// The keys that only tables know are left to the table.
	ofRuns := map[string][]string{}
	for key, values := range spec.Where {
		if key != reports.KeyDomain && key != reports.KeySystem {
			ofRuns[key] = values
		}
	}
	found, err := env.bench.Reported(c.Context, store, ofRuns, c.String("suite"), resamples)
	if err != nil {
		return err
	}
	if len(found.Runs) == 0 {
		env.note("no run fits: nerbench runs list shows those of the store")
	}
	spec.Benchmark, spec.Ratios, spec.Doubled = found.Benchmark, harness.Ratios, harness.Doubled
	t, err := reports.Build(found.Results, spec)
	if err != nil {
		return err
	}
	if err := negativesApart(t, spec); err != nil {
		return err
	}
	if err := t.AddPublished(c.StringSlice("published")); err != nil {
		return fault.Usagef("%v", err)
	}
	if c.Bool("ranks") {
		if err := harness.RankSystems(c.Context, store, t, found.Runs); err != nil {
			return err
		}
	}
	return t.Write(env.stdout, format)
}

// negativesApart refuses a table of models against query sets: negative sampling in
// training and at inference never stand in one (docs/spec/prompts.md §2.9).
func negativesApart(t *reports.Table, spec reports.Spec) error {
	axes := []string{spec.Rows, spec.Cols}
	models := slices.Contains(axes, reports.KeyModel) || slices.Contains(axes, reports.KeySystem)
	if !models || !slices.Contains(axes, "queries") || len(t.Rows) < 2 || len(t.Cols) < 2 {
		return nil
	}
	return &fault.Hint{
		Err:    fault.Usagef("table: models against query sets would mix negative sampling in training and at inference"),
		Advice: "name one model: --where model=NAME",
	}
}

// readSpec reads which table is wanted. What is unknown in it is wrong usage.
func readSpec(c *cli.Context) (reports.Spec, error) {
	known := func(key string) bool { return slices.Contains(tableKeys(), key) }
	spec := reports.Spec{Rows: c.String("rows"), Cols: c.String("cols"), Metrics: splitList(c.StringSlice("metric"))}
	for _, axis := range []string{"rows", "cols"} {
		if key := c.String(axis); !known(key) {
			return spec, fault.Usagef("table: --%s %s: unknown key (known: %s)", axis, key, strings.Join(tableKeys(), ", "))
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
	spec.Where, err = readWhere(c.StringSlice("where"), known)
	return spec, err
}
