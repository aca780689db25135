package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/sweeps"
)

func sweepCommand(env *environment) *cli.Command {
	const about = `NAME is an embedded plan (see sweep list). FILE is a plan of your own
(docs/sweeps.md). -m, -d, --suite, --limit and --set override the plan. If a plan
compares models, name them all: -m A -m B.`
	return &cli.Command{
		Name:  "sweep",
		Usage: "run ablations: vary some keys, compare the runs in one table",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the embedded plans",
				Action: func(*cli.Context) error { return env.listSweeps() },
			},
			{
				Name: "plan", Usage: "print the number of queries and tokens, and estimate the time", ArgsUsage: "NAME|FILE", Description: about,
				Flags: append(sweepFlags(),
					&cli.IntFlag{Name: "probe", Value: 8, Usage: "send `N` passages to each variant of each model to estimate the time; 0: no estimate"},
					&cli.BoolFlag{Name: "summary", Usage: "print one line for the whole sweep, not one for each run"},
				),
				Action: func(c *cli.Context) error { return env.planSweep(c) },
			},
			{
				Name: "run", Usage: "run the plan, then print the table", ArgsUsage: "NAME|FILE", Description: about,
				Flags:  slices.Concat(sweepFlags(), fleetFlags(), sweepTableFlags()),
				Action: func(c *cli.Context) error { return env.runSweep(c) },
			},
			{
				Name: "status", Usage: "print the table of the complete runs, without running more", ArgsUsage: "NAME|FILE", Description: about,
				Flags:  append(sweepFlags(), sweepTableFlags()...),
				Action: func(c *cli.Context) error { return env.sweepStatus(c) },
			},
		},
	}
}

func sweepFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringSliceFlag{Name: "model", Aliases: []string{"m"}, Usage: "`MODEL` to run; may be repeated if the plan compares models"},
		&cli.StringSliceFlag{Name: "dataset", Aliases: []string{"d"}, Usage: "`DATASET`s, separated by commas"},
		&cli.StringFlag{Name: "suite", Usage: "`SUITE` of datasets"},
		&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of all runs (see help keys); may be repeated"},
		&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` to score by (default: those of the plan, else span_f1)"},
		&cli.IntFlag{Name: "limit", Usage: "only the first `N` passages of each dataset"},
		&cli.StringFlag{Name: "max-connections", Value: "auto", Usage: "`N` passages at once, or auto"},
		&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
		&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server"},
		apiKeyFlag(),
	}, localFlags()...)
}

func sweepTableFlags() []cli.Flag {
	return []cli.Flag{
		formatFlag(reports.ExhibitFormats()),
		latexFlag(),
		&cli.StringFlag{Name: "out", Usage: "also write table and chart to `DIR` in all formats"},
		&cli.Float64Flag{Name: "price-in", Usage: "`PRICE` of a million prompt tokens, to print the cost"},
		&cli.Float64Flag{Name: "price-out", Usage: "`PRICE` of a million answer tokens"},
		&cli.IntFlag{Name: "ci", Value: 10_000, Usage: "95 % intervals of `B` resamples, at least 1000; 0: no intervals"},
	}
}

func (env *environment) listSweeps() error {
	list, err := sweeps.List()
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(list)
	}
	return sweeps.ListGrid(list).Write(env.stdout, "text")
}

// readSweep reads a plan, overrides it by the flags, and prepares its runs.
func (env *environment) readSweep(c *cli.Context) (*sweeps.Prepared, error) {
	if c.NArg() != 1 {
		return nil, fault.Usagef("%s: want NAME or FILE (embedded plans: %s)", commandPath(c), strings.Join(sweeps.Names(), ", "))
	}
	s, err := sweeps.Find(c.Args().First())
	if err != nil {
		return nil, err
	}
	keys, err := readPlan(c)
	if err != nil {
		return nil, err
	}
	if err := s.Override(sweeps.Overrides{
		Models: splitCommas(c.StringSlice("model")), Datasets: c.StringSlice("dataset"), Suite: c.String("suite"),
		Metrics: splitList(c.StringSlice("metric")), Keys: keys.Keys(),
	}); err != nil {
		return nil, err
	}
	shared := harness.Request{
		Servers: splitCommas(c.StringSlice("base-url")), KeyFile: c.String("api-key-file"), Timeout: c.Duration("timeout"), Local: readLocal(c), Scored: !env.quiet,
	}
	if shared.Connections, err = readConnections(c); err != nil {
		return nil, err
	}
	return sweeps.Prepare(c.Context, env.bench, s, shared)
}

// planSweep prints the workload of a sweep.
func (env *environment) planSweep(c *cli.Context) error {
	sweep, err := env.readSweep(c)
	if err != nil {
		return err
	}
	work, err := sweep.Workload(c.Context)
	if err != nil {
		return err
	}
	if n := c.Int("probe"); n > 0 {
		if err := sweep.Estimate(c.Context, work, n); err != nil {
			if c.Context.Err() != nil {
				return err
			}
			env.note("no estimate of time: %v", err)
		}
	}
	if c.Bool("summary") && !env.json {
		_, err := fmt.Fprintln(env.stdout, work.Summary())
		return err
	}
	if env.json {
		if c.Bool("summary") {
			work.Runs = []sweeps.RunWorkload{}
		}
		return env.printJSON(work)
	}
	g := work.Grid()
	return g.Write(env.stdout, "text")
}

// runSweep sends queries that have no answer yet, and prints the table.
func (env *environment) runSweep(c *cli.Context) error {
	show, err := env.readSweepTable(c)
	if err != nil {
		return err
	}
	sweep, err := env.readSweep(c)
	if err != nil {
		return err
	}
	f, err := env.startFleet(c, env.store, 0)
	if err != nil {
		return err
	}
	if f != nil {
		defer f.Close()
		sweep.Elsewhere(f)
	}
	env.asks(collectAt)
	incomplete, err := sweep.Run(c.Context)
	env.shown.end()
	if err != nil {
		return stoppedSweep(c, sweep, err)
	}
	if err := env.printSweep(c.Context, sweep, show); err != nil {
		return err
	}
	if incomplete > 0 {
		return &fault.PartialError{Err: fmt.Errorf("%s %s incomplete: run the same command again to retry", ner.Count(incomplete, "passage"), ner.Are(incomplete))}
	}
	return nil
}

// stoppedSweep adds to the error of a sweep that did not end how to see its results so
// far.
func stoppedSweep(c *cli.Context, sweep *sweeps.Prepared, err error) error {
	if c.Context.Err() == nil && !sweep.Begun() {
		return err
	}
	advice := fmt.Sprintf("nerbench sweep status %s, with the same flags, prints the table so far; sweep run continues", c.Args().First())
	var inner *fault.Hint
	if errors.As(err, &inner) && c.Context.Err() == nil {
		advice = inner.Advice + "; " + advice
	}
	return &fault.Hint{Err: err, Advice: advice}
}

// sweepStatus prints the table of the runs that are complete.
func (env *environment) sweepStatus(c *cli.Context) error {
	show, err := env.readSweepTable(c)
	if err != nil {
		return err
	}
	sweep, err := env.readSweep(c)
	if err != nil {
		return err
	}
	return env.printSweep(c.Context, sweep, show)
}

// sweepShow has the settings of the table.
type sweepShow struct {
	format, out string
	latex       reports.Latex
	sweeps.Options
}

func (env *environment) readSweepTable(c *cli.Context) (sweepShow, error) {
	show := sweepShow{out: c.String("out")}
	var err error
	if show.Price, err = readPrice(c); err != nil {
		return show, err
	}
	if show.format, err = env.readFormat("sweep", c.String("format"), reports.ExhibitFormats()); err != nil {
		return show, err
	}
	if show.latex, err = env.readLatex(c, "sweep", show.format, show.out != ""); err != nil {
		return show, err
	}
	show.Resamples, err = readResamples(c.Int("ci"))
	return show, err
}

// readPrice reads the flags of the price of a model.
func readPrice(c *cli.Context) (harness.Price, error) {
	for _, name := range []string{"price-in", "price-out"} {
		if price := c.Float64(name); !(price >= 0) || math.IsInf(price, 0) {
			return harness.Price{}, fault.Usagef("--%s %v: want 0 or more", name, price)
		}
	}
	return harness.Price{In: c.Float64("price-in"), Out: c.Float64("price-out")}, nil
}

// printSweep prints the table of the complete runs.
func (env *environment) printSweep(ctx context.Context, sweep *sweeps.Prepared, show sweepShow) error {
	result, err := sweep.Result(ctx, show.Options)
	if err != nil {
		return err
	}
	x := result.Exhibit()
	x.Latex = show.latex
	if show.out != "" {
		if _, err := writeExhibit(show.out, &x, ""); err != nil {
			return fmt.Errorf("sweep %s: %w", result.Sweep, err)
		}
		env.note("sweep %s: wrote table and chart to %s", result.Sweep, show.out)
	}
	return x.Write(env.output(show.format), env.printed(show.format))
}
