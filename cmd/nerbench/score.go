package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/metrics"
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
				return usagef("score: name runs, or all of them with --all")
			}
			return env.scoreRuns(c.Context, c.Args().Slice(), splitList(c.StringSlice("metric")))
		},
	}
}

// scoreRuns scores the named runs, or all, and says what changed.
func (env *environment) scoreRuns(ctx context.Context, names, ids []string) error {
	for _, id := range ids {
		if _, _, err := metrics.ParseID(id); err != nil {
			return usagef("score: %v", err)
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
	partial := 0
	for _, before := range runs {
		if err := env.scoreRun(ctx, store, before.ID, ids); err != nil {
			return fmt.Errorf("run %s: %w", before.ID, err)
		}
		after, err := store.Find(ctx, before.ID)
		if err != nil {
			return err
		}
		if after.State != results.Complete {
			partial += after.Passages - after.Complete
		}
		c, err := newRescored(before, after)
		if err != nil {
			return err
		}
		changes = append(changes, c)
	}
	if err := env.printRescored(changes); err != nil {
		return err
	}
	if partial > 0 {
		return partialError(fmt.Errorf("%d passages are incomplete and not scored", partial))
	}
	return nil
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

// rescored is one run scored again.
type rescored struct {
	ID      string                `json:"id"`
	Row     string                `json:"row"`
	Model   string                `json:"model"`
	Changed []string              `json:"changed"` // metric ids whose counts changed
	Scores  map[string]countsJSON `json:"scores"`
}

func newRescored(before, after results.RunInfo) (rescored, error) {
	r := rescored{ID: after.ID, Row: after.Keys["row"], Model: after.Keys["model"], Changed: []string{}}
	for _, id := range sortedKeys(after.Scores.Metrics) {
		b, there := before.Scores.Metrics[id]
		if a := after.Scores.Metrics[id]; !there || a.Total != b.Total || !maps.Equal(a.ByType, b.ByType) {
			r.Changed = append(r.Changed, id)
		}
	}
	var err error
	r.Scores, err = scoresJSON(after.Scores)
	return r, err
}

func (env *environment) printRescored(runs []rescored) error {
	if env.json {
		return env.printJSON(runs)
	}
	for _, r := range runs {
		fmt.Fprintf(env.stdout, "%s  %s  %s:", r.ID, r.Row, r.Model)
		for _, id := range sortedKeys(r.Scores) {
			mark := ""
			if slices.Contains(r.Changed, id) {
				mark = " (new)"
			}
			fmt.Fprintf(env.stdout, "  %s %s%s", id, percentOf(r.Scores[id].F1), mark)
		}
		fmt.Fprintln(env.stdout)
	}
	return nil
}

// scoreRun reads the answers of a run, counts, and keeps the counts.
func (env *environment) scoreRun(ctx context.Context, store *results.Store, id string, metricIDs []string) error {
	plan, err := env.scorePlan(ctx, store, id)
	if err != nil {
		return err
	}
	plan.Metrics = metricIDs
	scored, err := harness.Score(ctx, plan)
	if err != nil {
		return err
	}
	kept := results.Scores{
		Passages: scored.Passages, Outcomes: scored.Outcomes, Counters: scored.Counters,
		Metrics: map[string]results.MetricScore{},
	}
	for id, m := range scored.Metrics {
		kept.Metrics[id] = results.MetricScore{Total: m.Total, ByType: m.ByType, Passages: m.Passages, Reader: m.Reader, Version: m.Version}
	}
	return store.SaveScores(ctx, id, kept)
}

// scorePlan joins a run's answers with its documents.
func (env *environment) scorePlan(ctx context.Context, store *results.Store, id string) (harness.ScorePlan, error) {
	run, err := store.Find(ctx, id)
	if err != nil {
		return harness.ScorePlan{}, err
	}
	row, err := env.findRow(run.Keys["row"])
	if err != nil {
		return harness.ScorePlan{}, err
	}
	selected, err := selectionOf(run.Keys)
	if err != nil {
		return harness.ScorePlan{}, err
	}
	found, err := env.surveyRow(ctx, row, selected)
	if err != nil {
		return harness.ScorePlan{}, err
	}
	if found.data != run.Keys["data"] {
		return harness.ScorePlan{}, dataError(fmt.Errorf("row %s: %s: the data is not the data that the run asked about (fingerprint %s, the run has %s)",
			row.ID, selected.split, found.data, run.Keys["data"]))
	}
	renderer, err := env.renderer(ctx, run.Keys, row)
	if err != nil {
		return harness.ScorePlan{}, err
	}
	docs, err := env.asked(ctx, row, found.part)
	if err != nil {
		return harness.ScorePlan{}, err
	}
	return harness.ScorePlan{
		Documents: docs, Passages: store.Passages(ctx, run.ID), How: env.how(row, renderer), Queries: run.Keys["queries"],
	}, nil
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
