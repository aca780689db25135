package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/prompts"
	"nerbench/results"
)

func scoreCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "score",
		Usage:     "score kept answers again, without a model",
		ArgsUsage: "[RUN...]",
		Description: `score RUN... reads the kept answers of runs with the current readers, and counts.
No model is asked. Runs are named by the beginning of their ids.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "all runs of the store"},
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` (default: span_f1, uniner_f1, uniner_f1_lenient)"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 == !c.Bool("all") {
				return fault.Usagef("score: name runs, or all of them with --all")
			}
			return env.scoreRuns(c.Context, c.Args().Slice(), splitList(c.StringSlice("metric")))
		},
	}
}

// scoreRuns scores the named runs, or all, and says what changed. A run that
// cannot be scored does not stop the others; the exit code tells.
func (env *environment) scoreRuns(ctx context.Context, names, ids []string) error {
	for _, id := range ids {
		if _, _, err := metrics.ParseID(id); err != nil {
			return fault.Usagef("score: %v", err)
		}
	}
	store, err := env.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	runs, err := findRuns(ctx, store, names)
	if err != nil {
		return err
	}
	changes := []rescored{}
	var faults []error
	for _, before := range runs {
		c, err := env.scoreAgain(ctx, store, before, ids)
		switch {
		case err == nil:
			changes = append(changes, c)
		case ctx.Err() != nil || storeAdvice(err) != "" || len(runs) == 1:
			return fmt.Errorf("run %s: %w", before.ID, err)
		default:
			env.note("run %s: not scored: %v", before.ID, err)
			faults = append(faults, err)
		}
	}
	if err := env.printRescored(ctx, changes); err != nil {
		return err
	}
	partial := 0
	for _, c := range changes {
		partial += c.Passages - c.Complete
	}
	switch {
	case len(faults) > 0:
		return sameCode(faults, fmt.Errorf("%d of %d runs were not scored", len(faults), len(runs)))
	case partial > 0:
		return &fault.PartialError{Err: fmt.Errorf("%d passages are incomplete and not scored", partial)}
	}
	return nil
}

// sameCode gives an error the exit code of several others: that of missing or
// other data, if all are of that kind.
func sameCode(faults []error, err error) error {
	for _, f := range faults {
		if !errors.As(f, new(*fault.DataError)) {
			return err
		}
	}
	return &fault.DataError{Err: err}
}

// findRuns finds runs by the beginning of their ids; all of them if none is
// named.
func findRuns(ctx context.Context, store *results.Store, names []string) ([]results.RunInfo, error) {
	if len(names) == 0 {
		return store.Runs(ctx, nil)
	}
	var runs []results.RunInfo
	for _, name := range names {
		r, err := store.Find(ctx, name)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// scoreRun reads the answers of a run, counts, and keeps the counts: of the
// metrics that are named, those that every run has, and those that were kept
// before. It returns the ids of those that are named. Unless it must always
// score, it leaves counts alone that are of all answers and of these readers.
func (env *environment) scoreRun(ctx context.Context, store *results.Store, run string, named []string, always bool) ([]string, error) {
	info, err := store.Find(ctx, run)
	if err != nil {
		return nil, err
	}
	asked, err := loop.MetricIDs(named, info.Keys["queries"], asks(info.Keys))
	if err != nil {
		return nil, fault.Usagef("%v", err)
	}
	wanted := slices.Concat(loop.DefaultMetrics, asked)
	for _, id := range sortedKeys(info.Scores.Metrics) {
		if _, _, err := metrics.ParseID(id); err == nil { // else of another nerbench
			wanted = append(wanted, id)
		}
	}
	if wanted, err = loop.MetricIDs(wanted, info.Keys["queries"], asks(info.Keys)); err != nil {
		return nil, err
	}
	if !always && current(info, wanted) {
		return asked, nil
	}
	plan, err := env.scorePlan(ctx, store, run)
	if err != nil {
		return nil, err
	}
	plan.Metrics = wanted
	scored, err := loop.Score(ctx, plan)
	if err != nil {
		return nil, err
	}
	kept := results.Scores{
		Passages: scored.Passages, Outcomes: scored.Outcomes, Counters: scored.Counters,
		Metrics: map[string]results.MetricScore{},
	}
	for id, m := range scored.Metrics {
		kept.Metrics[id] = results.MetricScore{Total: m.Total, ByType: m.ByType, Passages: m.Passages, Reader: m.Reader, Version: m.Version}
	}
	if same, err := sameScores(ctx, store, info, kept); same || err != nil {
		return asked, err
	}
	return asked, store.SaveScores(ctx, run, kept)
}

// sameScores reports whether the store keeps exactly these scores already: then
// it is left as it is, byte for byte.
func sameScores(ctx context.Context, store *results.Store, info results.RunInfo, now results.Scores) (bool, error) {
	before := info.Scores
	if before.Passages != now.Passages || len(before.Metrics) != len(now.Metrics) ||
		!maps.Equal(before.Outcomes, now.Outcomes) || !maps.Equal(before.Counters, now.Counters) {
		return false, nil
	}
	for id, m := range now.Metrics {
		b, there := before.Metrics[id]
		if !there || b.Total != m.Total || b.Reader != m.Reader || b.Version != m.Version || !maps.Equal(b.ByType, m.ByType) {
			return false, nil
		}
		counts, err := store.Counts(ctx, info.ID, id)
		if err != nil || !slices.Equal(counts, m.Passages) {
			return false, err
		}
	}
	return true, nil
}

// current reports whether the kept scores of a run are those that scoring it
// again would give.
func current(info results.RunInfo, ids []string) bool {
	if info.Scores.Passages != info.Complete || info.Complete == 0 {
		return false
	}
	for _, id := range ids {
		m, there := info.Scores.Metrics[id]
		if !there || m.Reader != answers.Version || m.Version != metrics.Version {
			return false
		}
	}
	return true
}

// scorePlan joins a run's answers with its documents.
func (env *environment) scorePlan(ctx context.Context, store *results.Store, id string) (loop.ScorePlan, error) {
	run, err := store.Find(ctx, id)
	if err != nil {
		return loop.ScorePlan{}, err
	}
	dataset, err := env.findDataset(run.Keys["dataset"])
	if err != nil {
		return loop.ScorePlan{}, err
	}
	selected, err := selectionOf(run.Keys)
	if err != nil {
		return loop.ScorePlan{}, err
	}
	found, err := env.surveyDataset(ctx, dataset, selected)
	if err != nil {
		return loop.ScorePlan{}, err
	}
	if found.data != run.Keys["data"] {
		return loop.ScorePlan{}, &fault.DataError{Err: fmt.Errorf("dataset %s: %s: the data is not the data that the run asked about (fingerprint %s, the run has %s)",
			dataset.ID, selected.split, found.data, run.Keys["data"])}
	}
	how, err := how(dataset, run.Keys)
	if err != nil {
		return loop.ScorePlan{}, err
	}
	docs, err := env.asked(ctx, dataset, found.part)
	if err != nil {
		return loop.ScorePlan{}, err
	}
	return loop.ScorePlan{
		Documents: docs, Passages: store.Passages(ctx, run.ID), Parsing: how, Queries: run.Keys["queries"],
	}, nil
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// asks is what the keys of a run say of the form of its answers.
func asks(keys map[string]string) loop.ParseOptions {
	return loop.ParseOptions{Family: keys["family"], Variant: keys["variant"], Answer: keys["answer"]}
}

// how says how the answers of a run are read: it needs no prompts, but for the
// words that they had for the types.
func how(dataset *datasets.Dataset, keys map[string]string) (loop.ParseOptions, error) {
	h := asks(keys)
	settings, err := promptSettings(keys, dataset)
	if err != nil {
		return h, err
	}
	words, err := prompts.Words(promptDataset(dataset), settings)
	h.Types = typeNames(dataset, words)
	return h, err
}
