package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/harness/compare"
	"nerbench/harness/files"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/reports"
)

func compareCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "test whether two systems differ, and list the differences",
		ArgsUsage: "A B",
		Description: `compare A B compares stored runs. A and B are each one of:
  RUN, the beginning of the id of a run
  MODEL, the name of a model, as for run -m
  KEY=VALUE[,KEY=VALUE], such as model=ollama/x,family=uniner
The runs are paired by dataset, on the passages that both have completed.
mean_rows is the average over the datasets that have gold in these passages. If
several runs on one dataset fit, the hint has the exact commands to choose one.

compare --gold FILE --pred A.jsonl --pred B.jsonl compares files of predictions.

Each line has the difference A − B in F1, its 95 % interval, and the p value of
the paired randomisation test (docs/metrics.md). Holm's correction is over the
datasets. A flip is a gold entity that only A or only B found, or a wrong
prediction that only one of them made. Types without gold are left out. The
formats md, csv and latex have the scores, and no flips; csv has fractions.

--fail-on-regression is for continuous integration. The exit code is 1 if, on any
dataset or on average, B is significantly lower than A by more than --margin.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "gold", Usage: "`FILE` of documents with gold spans, JSON Lines"},
			&cli.StringSliceFlag{Name: "pred", Usage: "`FILE` of predictions; twice: A and B"},
			&cli.StringFlag{Name: "metric", Value: "span_f1", Usage: "metric `ID`"},
			&cli.StringFlag{Name: "family", Value: "uniner", Usage: "prompt `FAMILY` of the answers in the files"},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the family"},
			&cli.StringFlag{Name: "types", Usage: "all `TYPES` of the dataset, separated by commas (default: any)"},
			&cli.StringFlag{Name: "train", Usage: "`FILE` of the train split, for the buckets oDen, eFre and eCon"},
			&cli.BoolFlag{Name: "partial", Usage: "skip documents without a prediction in both files"},
			&cli.StringSliceFlag{Name: "by", Usage: "compare by `ATTRIBUTE`: type (default), none, or bucket:NAME with " + strings.Join(metrics.AttributeNames(), ", ")},
			&cli.IntFlag{Name: "flips", Value: 10, Usage: "print `N` flips of each side and kind; -1: all"},
			formatFlag(compareFormats()),
			&cli.IntFlag{Name: "rounds", Usage: "`R` random swaps (default: all swaps if at most 16 passages differ, else 9999)"},
			&cli.BoolFlag{Name: "fail-on-regression", Usage: "exit code 1 if B is significantly lower than A"},
			&cli.Float64Flag{Name: "margin", Usage: "`POINTS` of F1 that B may be lower (default: 0)"},
			&cli.Float64Flag{Name: "alpha", Value: compare.Significant, Usage: "largest corrected `P` value of a significant difference"},
		}, intervalFlags(stats.Resamples)...),
		Action: func(c *cli.Context) error { return env.compare(c) },
	}
}

func (env *environment) compare(c *cli.Context) error {
	s, err := readCompareSettings(c)
	if err != nil {
		return err
	}
	format, err := env.readFormat("compare", c.String("format"), compareFormats())
	if err != nil {
		return err
	}
	named := c.IsSet("gold") || c.IsSet("pred")
	switch {
	case named && c.NArg() > 0:
		return fault.Usagef("compare: unexpected argument %q (files need --gold and --pred)", c.Args().First())
	case !named && c.NArg() != 2:
		return fault.Usagef("compare: want two runs, A and B, or --gold with --pred twice")
	}
	compareInput, systems := env.compareRuns, c.Args().Slice()
	if named {
		compareInput, systems = env.compareFiles, c.StringSlice("pred")
	}
	ds, failed, err := compareInput(c, s)
	if err != nil {
		return fmt.Errorf("compare: %w", env.proposeSides(err, c.Args().Slice()))
	}
	result := compare.New(c.String("metric"), ds, s)
	switch {
	case format == "json" && named:
		err = env.printJSON(result.FilesReport(c.Int("flips")))
	case format == "json":
		err = env.printJSON(result.Report(c.Int("flips")))
	case format == "text":
		err = (&texts.Comparison{Comparison: result, Systems: systems}).WriteText(env.stdout, c.Int("flips"))
	default:
		err = (&texts.Comparison{Comparison: result, Systems: systems}).WriteTables(env.output(format), format)
	}
	if err != nil {
		return err
	}
	if worse := result.Regressions(s); c.Bool("fail-on-regression") && len(worse) > 0 {
		return fmt.Errorf("compare: B is significantly lower than A: %s", regressionList(worse))
	}
	if failed > 0 {
		return &fault.PartialError{Err: fmt.Errorf("compare: %d passages of A and B are incomplete, because queries failed, and were skipped", failed)}
	}
	return nil
}

// compareFormats lists the forms of a comparison, the default first.
func compareFormats() []string { return []string{"text", "md", "csv", "latex", "json"} }

func regressionList(worse []compare.Regression) string {
	var names []string
	for _, r := range worse {
		name := texts.DatasetTitle(r.Dataset)
		if r.Average {
			name = "mean_rows"
		}
		names = append(names, name+" by "+reports.Points(&r.Difference))
	}
	return strings.Join(names, ", ")
}

// compareRuns compares stored runs, dataset by dataset.
func (env *environment) compareRuns(c *cli.Context, _ compare.Settings) (ds []*compare.Dataset, failed int, err error) {
	by, err := metrics.ParseBy(splitList(c.StringSlice("by")))
	if err != nil {
		return nil, 0, fault.Usagef("%v", err)
	}
	if c.IsSet("train") || c.IsSet("partial") || c.IsSet("family") || c.IsSet("variant") || c.IsSet("types") {
		return nil, 0, fault.Usagef("--train, --partial, --family, --variant and --types are for files, not for runs")
	}
	n, err := readIntervals(c)
	if err != nil {
		return nil, 0, err
	}
	r := harness.CompareRequest{A: c.Args().Get(0), B: c.Args().Get(1), Metric: c.String("metric"), By: by}
	r.Seed = func(dataset string) uint64 {
		if c.IsSet("row") || c.IsSet("stream-seed") {
			return n.seed
		}
		return stats.DatasetSeed(c.Int("seed"), dataset)
	}
	return env.bench.Compare(c.Context, r)
}

// compareFiles compares two files of predictions on the documents of a third. Files
// have no failed queries.
func (env *environment) compareFiles(c *cli.Context, s compare.Settings) (ds []*compare.Dataset, failed int, err error) {
	names := c.StringSlice("pred")
	if !c.IsSet("gold") || len(names) != 2 {
		return nil, 0, fault.Usagef("want --gold, and --pred twice: A and B")
	}
	if inputs := append([]string{c.String("gold")}, names...); len(slices.DeleteFunc(inputs, func(n string) bool { return n != "-" })) > 1 {
		return nil, 0, fault.Usagef("only one file can be standard input")
	}
	by, err := metrics.ParseBy(splitList(c.StringSlice("by")))
	if err != nil {
		return nil, 0, fault.Usagef("%v", err)
	}
	n, err := readIntervals(c)
	if err != nil {
		return nil, 0, err
	}
	dataset, missing, err := files.PredictionPair{
		Gold: env.input(c.String("gold")), A: env.input(names[0]), B: env.input(names[1]), Parsing: readParsing(c), Partial: c.Bool("partial"),
	}.Compare(c.Context, files.CompareOptions{Metric: c.String("metric"), By: by, Train: env.input(c.String("train")), Dataset: c.String("row"), Seed: n.seed})
	if err != nil {
		return nil, 0, err
	}
	if missing > 0 {
		env.note("compared on %d of %d documents: %d have no prediction in A or in B", dataset.Passages-missing, dataset.Passages, missing)
	}
	return []*compare.Dataset{dataset}, 0, nil
}

func readCompareSettings(c *cli.Context) (compare.Settings, error) {
	n, err := readIntervals(c)
	if err != nil {
		return compare.Settings{}, err
	}
	s := compare.Settings{Resamples: n.resamples, Rounds: c.Int("rounds"), Alpha: c.Float64("alpha"), Margin: c.Float64("margin")}
	if err := s.Check(); err != nil {
		return s, fmt.Errorf("compare: %w", err)
	}
	if _, _, err := metrics.ParseID(c.String("metric")); err != nil {
		return s, fault.Usagef("compare: %v", err)
	}
	return s, nil
}
