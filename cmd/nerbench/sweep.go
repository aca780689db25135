package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/reports"
	"nerbench/sweeps"
)

func sweepCommand(env *environment) *cli.Command {
	const about = `NAME is a plan of the program (sweep list prints them), FILE a plan of your own:
docs/sweeps.md describes the file. -m, -d, --suite, --limit and --set take the place of what the
plan says; where a plan compares models, name them all: -m A -m B.`
	return &cli.Command{
		Name:  "sweep",
		Usage: "ablations: runs that differ in some keys, and what the differences are worth",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "the plans of the program",
				Action: func(*cli.Context) error { return env.listSweeps() },
			},
			{
				Name: "plan", Usage: "runs, queries, tokens and time, before anything is asked", ArgsUsage: "NAME|FILE", Description: about,
				Flags: append(sweepFlags(),
					&cli.IntFlag{Name: "probe", Value: 8, Usage: "ask `N` passages to see how long it takes; 0: none"},
				),
				Action: func(c *cli.Context) error { return env.planSweep(c) },
			},
			{
				Name: "run", Usage: "ask what has no answer yet, then print the table", ArgsUsage: "NAME|FILE", Description: about,
				Flags:  append(sweepFlags(), sweepTableFlags()...),
				Action: func(c *cli.Context) error { return env.runSweep(c) },
			},
			{
				Name: "status", Usage: "what was asked, and the table of what is complete; asks nothing", ArgsUsage: "NAME|FILE", Description: about,
				Flags:  append(sweepFlags(), sweepTableFlags()...),
				Action: func(c *cli.Context) error { return env.sweepStatus(c) },
			},
		},
	}
}

func sweepFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringSliceFlag{Name: "model", Aliases: []string{"m"}, Usage: "`MODEL` to ask; several are compared, where the plan compares models"},
		&cli.StringSliceFlag{Name: "dataset", Aliases: []string{"d"}, Usage: "`DATASET`s, separated by commas"},
		&cli.StringFlag{Name: "suite", Usage: "`SUITE` of datasets"},
		&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of all runs; may be repeated"},
		&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` to score by (default: those of the plan, else span_f1)"},
		&cli.IntFlag{Name: "limit", Usage: "ask the first `N` passages of each dataset only"},
		&cli.StringFlag{Name: "max-connections", Value: "auto", Usage: "passages at once: `N`, or auto"},
		&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
		&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server"},
		apiKeyFlag(),
	}, localFlags()...)
}

func sweepTableFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Usage: "`FORMAT`: " + strings.Join(reports.ExhibitFormats(), ", ") + " (default: text; with --json: json)"},
		&cli.StringFlag{Name: "out", Usage: "also write table and chart to `DIR`, in every format"},
		&cli.Float64Flag{Name: "price-in", Usage: "`PRICE` of a million tokens of prompts, to print what the answers cost"},
		&cli.Float64Flag{Name: "price-out", Usage: "`PRICE` of a million tokens of answers"},
		&cli.IntFlag{Name: "ci", Value: 10_000, Usage: "95 % intervals of `B` resamples, at least 1000; 0: none"},
	}
}

func (env *environment) listSweeps() error {
	type plan struct {
		Name    string   `json:"name"`
		Title   string   `json:"title"`
		Meaning string   `json:"meaning"`
		Varied  []string `json:"varied"`
	}
	list := []plan{}
	for _, name := range sweeps.Names() {
		s, err := sweeps.Named(name, settable)
		if err != nil {
			return err
		}
		list = append(list, plan{s.Name, s.Title, s.Meaning, s.Varied()})
	}
	if env.json {
		return env.printJSON(list)
	}
	g := reports.Grid{Title: "plans of the program", Header: []string{"sweep", "varies", "asks"}, Labels: 3}
	for _, p := range list {
		g.Body = append(g.Body, []string{p.Name, strings.Join(p.Varied, ", "), p.Meaning})
	}
	return g.Write(env.stdout, "text")
}

// sweepSettings are what a call of sweep says beside the plan.
type sweepSettings struct {
	sweep    *sweeps.Sweep
	datasets []string
	suite    string
	metrics  []string
	base     runPlan // what all runs have of flags
}

// readSweep reads the plan that a call names, and puts in what flags say.
func (env *environment) readSweep(c *cli.Context) (sweepSettings, error) {
	var s sweepSettings
	if c.NArg() != 1 {
		return s, fault.Usagef("%s: want NAME or FILE (plans of the program: %s)", c.Command.FullName(), strings.Join(sweeps.Names(), ", "))
	}
	sweep, err := namedSweep(c.Args().First())
	if err != nil {
		return s, err
	}
	s.sweep = sweep
	given, err := readSettings(c.StringSlice("set"))
	if err != nil {
		return s, err
	}
	if c.IsSet("limit") {
		given["limit"] = fmt.Sprint(c.Int("limit"))
	}
	varied := sweep.Varied()
	for key, value := range given {
		if slices.Contains(varied, key) {
			return s, fault.Usagef("sweep %s: %s varies: it cannot be set", sweep.Name, key)
		}
		sweep.Fix(key, value)
	}
	if err := nameModels(sweep, c.StringSlice("model")); err != nil {
		return s, err
	}
	s.datasets, s.suite = sweep.Datasets, sweep.Suite
	if len(c.StringSlice("dataset")) > 0 || c.String("suite") != "" {
		s.datasets, s.suite = c.StringSlice("dataset"), c.String("suite")
	}
	if len(s.datasets) == 0 && s.suite == "" {
		return s, fault.Usagef("sweep %s: no datasets: name some with -d DATASET,DATASET or --suite SUITE", sweep.Name)
	}
	if s.metrics, err = sweepMetrics(sweep, c.StringSlice("metric")); err != nil {
		return s, err
	}
	s.base = runPlan{
		servers: c.StringSlice("base-url"), keyFile: c.String("api-key-file"), timeout: c.Duration("timeout"), local: readLocal(c),
	}
	s.base.connections, err = readConnections(c)
	return s, err
}

// namedSweep reads a plan of the program, or a file.
func namedSweep(name string) (*sweeps.Sweep, error) {
	if !strings.HasSuffix(name, ".toml") {
		s, err := sweeps.Named(name, settable)
		if err != nil && s == nil {
			return nil, fault.Usagef("%v", err)
		}
		return s, err
	}
	s, err := sweeps.Read(os.DirFS(filepath.Dir(name)), filepath.Base(name), settable)
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	return s, nil
}

// nameModels puts the models that the user names into a plan.
func nameModels(s *sweeps.Sweep, models []string) error {
	_, fixed := s.Fixed["model"]
	varies := slices.Contains(s.Varied(), "model")
	switch {
	case s.Models != "" && len(models) < 2 && !varies:
		return fault.Usagef("sweep %s: compares models: name them all, the baseline first: -m A -m B (%s)", s.Name, s.Models)
	case s.Models == "" && len(models) > 1:
		return fault.Usagef("sweep %s: asks one model, and %d are named", s.Name, len(models))
	case s.Models == "" && len(models) == 0 && !fixed && !varies:
		return fault.Usagef("sweep %s: no model: name one with -m", s.Name)
	case s.Models != "" && len(models) > 0:
		s.Vary("model", models)
	case len(models) == 1:
		if varies {
			return fault.Usagef("sweep %s: model varies: it cannot be set", s.Name)
		}
		s.Fix("model", models[0])
	}
	return nil
}

// sweepMetrics are the ids to score by.
func sweepMetrics(s *sweeps.Sweep, named []string) ([]string, error) {
	ids := splitList(named)
	if len(ids) == 0 {
		ids = s.Metrics
	}
	if len(ids) == 0 {
		ids = loop.DefaultMetrics[:1]
	}
	for _, id := range ids {
		if _, _, err := metrics.ParseID(id); err != nil {
			return nil, fault.Usagef("sweep %s: %v", s.Name, err)
		}
	}
	return ids, nil
}

// runSweep asks what has no answer yet, and prints the table.
func (env *environment) runSweep(c *cli.Context) error {
	show, err := env.readSweepTable(c)
	if err != nil {
		return err
	}
	plan, err := env.readSweepPlan(c)
	if err != nil {
		return err
	}
	store, err := env.bench.OpenStore(c.Context)
	if err != nil {
		return err
	}
	defer store.Close()
	incomplete := 0
	for i, a := range plan.asks {
		env.note("sweep %s: run %d of %d: %s", plan.Name, i+1, len(plan.asks), a.name)
		report, err := env.runDataset(c.Context, store, a.plan, a.dataset)
		if err != nil {
			return fmt.Errorf("sweep %s: %s: %w", plan.Name, a.name, err)
		}
		a.run = report.Run
		incomplete += report.Passages - report.Complete
	}
	if err := env.printSweep(c.Context, store, plan, show); err != nil {
		return err
	}
	if incomplete > 0 {
		return &fault.PartialError{Err: fmt.Errorf("%d passages are incomplete: the same command asks for the rest", incomplete)}
	}
	return nil
}

// sweepStatus tells what was asked, and prints the table of what is complete.
func (env *environment) sweepStatus(c *cli.Context) error {
	show, err := env.readSweepTable(c)
	if err != nil {
		return err
	}
	plan, err := env.readSweepPlan(c)
	if err != nil {
		return err
	}
	store, err := env.bench.ReadStore(c.Context)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := plan.find(c.Context, store); err != nil {
		return err
	}
	return env.printSweep(c.Context, store, plan, show)
}

// sweepShow says how the table is printed.
type sweepShow struct {
	format, out string
	resamples   int
	price       price
}

func (env *environment) readSweepTable(c *cli.Context) (sweepShow, error) {
	show := sweepShow{out: c.String("out"), price: price{c.Float64("price-in"), c.Float64("price-out")}}
	var err error
	if show.format, err = env.readFormat("sweep", c.String("format"), reports.ExhibitFormats()); err != nil {
		return show, err
	}
	show.resamples, err = readResamples(c.Int("ci"))
	return show, err
}
