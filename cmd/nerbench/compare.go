package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports"
)

// significant is the adjusted p value up to which a difference counts as one
// (docs/spec/metrics.md §12.5).
const significant = 0.05

func compareCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "test whether two systems differ, and show where",
		ArgsUsage: "A B",
		Description: `compare A B compares kept runs. A and B are each a run (the beginning of its id), the name of
a model, or key=value[,key=value], such as model=ollama/x,family=uniner: then the runs of both on the
same datasets are compared, Holm's correction is over these datasets, and mean_rows is their average.
compare --gold FILE --pred A.jsonl --pred B.jsonl compares two files of predictions.

Each line has the difference A − B in F1, its 95 % interval from the same resamples of passages for
both, and the p value of the paired randomisation test (docs/metrics.md). Flips are gold entities that
one found and the other missed.

--fail-on-regression is for continuous integration, A being the standard and B the candidate: exit
code 1 if B is lower than A by more than --margin points of F1 (default 0) and the difference is
significant (p, corrected over the datasets, at most --alpha, default 0.05), on any dataset or on average.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "gold", Usage: "`FILE` of documents with gold spans, JSON Lines"},
			&cli.StringSliceFlag{Name: "pred", Usage: "`FILE` of predictions; twice: A and B"},
			&cli.StringFlag{Name: "metric", Value: "span_f1", Usage: "metric `ID`"},
			&cli.StringFlag{Name: "family", Value: "uniner", Usage: "prompt `FAMILY` that answers in the files are of"},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the family"},
			&cli.StringFlag{Name: "types", Usage: "all `TYPES` of the dataset, separated by commas (default: any)"},
			&cli.StringFlag{Name: "train", Usage: "`FILE` of the train split, for buckets that need it"},
			&cli.BoolFlag{Name: "partial", Usage: "compare the documents that both files have a prediction for"},
			&cli.StringSliceFlag{Name: "by", Usage: "`ATTRIBUTE`: type (the default), none, or bucket:NAME, with one of " + strings.Join(attributeNames(), ", ")},
			&cli.IntFlag{Name: "flips", Value: 10, Usage: "show `N` flips of each side; -1: all"},
			&cli.IntFlag{Name: "rounds", Usage: "`R` random swaps, however few passages differ (default: all swaps where at most 16 differ, else 9999)"},
			&cli.BoolFlag{Name: "fail-on-regression", Usage: "exit code 1 if B is significantly lower than A"},
			&cli.Float64Flag{Name: "margin", Usage: "`POINTS` of F1 that B may lose"},
			&cli.Float64Flag{Name: "alpha", Value: significant, Usage: "largest corrected `P` of a significant difference"},
		}, intervalFlags(stats.Resamples)...),
		Action: func(c *cli.Context) error { return env.compare(c) },
	}
}

func (env *environment) compare(c *cli.Context) error {
	s, err := readCompareSettings(c)
	if err != nil {
		return err
	}
	files := c.IsSet("gold") || c.IsSet("pred")
	switch {
	case files && c.NArg() > 0:
		return fault.Usagef("compare: unexpected argument %q (files are named by flags)", c.Args().First())
	case !files && c.NArg() != 2:
		return fault.Usagef("compare: want two runs, A and B, or --gold with --pred twice")
	}
	compareInput := env.compareRuns
	if files {
		compareInput = env.compareFiles
	}
	ds, incomplete, err := compareInput(c, s)
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	result := newComparison(c.String("metric"), ds, s)
	if env.json {
		err = env.printJSON(result.json(c.Int("flips"), files))
	} else {
		err = result.writeText(env.stdout, c.Int("flips"))
	}
	switch {
	case err != nil:
		return err
	case c.Bool("fail-on-regression") && len(result.regressions(s)) > 0:
		return fmt.Errorf("compare: B is significantly lower than A: %s", strings.Join(result.regressions(s), ", "))
	case incomplete > 0:
		return &fault.PartialError{Err: fmt.Errorf("compare: %d passages are not complete on both sides, and are not compared", incomplete)}
	}
	return nil
}

func readCompareSettings(c *cli.Context) (compareSettings, error) {
	n, err := readIntervals(c)
	if err != nil {
		return compareSettings{}, err
	}
	s := compareSettings{resamples: n.resamples, rounds: c.Int("rounds"), alpha: c.Float64("alpha"), margin: c.Float64("margin")}
	switch {
	case s.rounds < 0:
		return s, fault.Usagef("compare: --rounds %d: want 0 or more", s.rounds)
	case !(s.alpha >= 0 && s.alpha <= 1):
		return s, fault.Usagef("compare: --alpha %v: want a probability", s.alpha)
	case !(s.margin >= 0 && s.margin <= 100):
		return s, fault.Usagef("compare: --margin %v: want points of F1, from 0 to 100", s.margin)
	}
	if _, _, err := metrics.ParseID(c.String("metric")); err != nil {
		return s, fault.Usagef("compare: %v", err)
	}
	return s, nil
}

// comparison is what compare found.
type comparison struct {
	metric   string
	datasets []*comparedDataset
	// outcomes are by dataset; types are by dataset, too, and nil where unknown.
	outcomes []comparisonOutcome
	types    []map[ner.EntityType]comparisonOutcome
	// whole is of mean_rows, where there are several datasets.
	whole comparisonOutcome
}

func newComparison(metric string, ds []*comparedDataset, s compareSettings) *comparison {
	out := &comparison{metric: metric, datasets: ds}
	var all []stats.Dataset
	for _, r := range ds {
		all = append(all, r.stats())
		out.outcomes = append(out.outcomes, s.test(r.metric, []stats.Dataset{r.stats()}))
		if r.detailed {
			out.types = append(out.types, r.typeOutcomes(s))
		} else {
			out.types = append(out.types, nil)
		}
	}
	adjust(out.outcomes)
	out.whole = out.outcomes[0]
	if len(ds) > 1 {
		out.whole = s.test(ds[0].metric, all)
	}
	return out
}

// regressions names the datasets on which B is significantly lower than A by more
// than it may.
func (r *comparison) regressions(s compareSettings) []string {
	worse := func(o comparisonOutcome) bool {
		return o.PAdjusted <= s.alpha && o.Difference > 0 && 100*o.Difference > s.margin
	}
	var names []string
	for i, o := range r.outcomes {
		if worse(o) {
			names = append(names, fmt.Sprintf("%s by %s", r.name(i), reports.Points(&o.Difference)))
		}
	}
	if len(r.datasets) > 1 && worse(r.whole) {
		names = append(names, "mean_rows by "+reports.Points(&r.whole.Difference))
	}
	return names
}

func (r *comparison) name(i int) string {
	if r.datasets[i].dataset == "" {
		return "all passages"
	}
	return r.datasets[i].dataset
}

// flips of all datasets, those that A found first.
func (r *comparison) flips() (flips []flip, known bool) {
	known = true
	for _, dataset := range r.datasets {
		flips = append(flips, dataset.flips...)
		known = known && dataset.detailed
	}
	sortFlips(flips)
	return flips, known
}

// firstOf keeps the first n flips of each side; all of them if n is negative.
func firstOf(flips []flip, n int) []flip {
	if n < 0 {
		return flips
	}
	shown := map[string]int{}
	return slices.DeleteFunc(slices.Clone(flips), func(f flip) bool {
		shown[f.Found]++
		return shown[f.Found] > n
	})
}
