package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"nerbench/metrics"
	"nerbench/reports"
	"nerbench/results"
)

// rescored is one run scored again.
type rescored struct {
	ID       string                `json:"id"`
	Dataset  string                `json:"row"`
	Model    string                `json:"model"`
	Passages int                   `json:"passages"`
	Complete int                   `json:"complete"`
	Changed  []string              `json:"changed"` // ids of metrics whose counts are new or others than before
	Scores   map[string]countsJSON `json:"scores"`
	Before   map[string]countsJSON `json:"before"` // of the changed ones, if there were any
	// TypeMacro is the mean over the types of the dataset, Signatures say how each
	// score came about.
	TypeMacro  map[string]*float64 `json:"type_macro"`
	Signatures map[string]string   `json:"signatures"`

	after results.RunInfo
}

// scoreAgain scores one run and compares.
func (env *environment) scoreAgain(ctx context.Context, store *results.Store, before results.RunInfo, ids []string) (rescored, error) {
	r := rescored{ID: before.ID, Dataset: before.Keys["dataset"], Model: before.Keys["model"], Changed: []string{}}
	asked, err := env.scoreRun(ctx, store, before.ID, ids, true)
	if err != nil {
		return r, err
	}
	after, err := store.Find(ctx, before.ID)
	if err != nil {
		return r, err
	}
	r.Passages, r.Complete = after.Passages, after.Complete
	maps.DeleteFunc(after.Scores.Metrics, func(id string, _ results.MetricScore) bool { return !slices.Contains(asked, id) })
	old := results.Scores{Metrics: map[string]results.MetricScore{}}
	for _, id := range sortedKeys(after.Scores.Metrics) {
		a := after.Scores.Metrics[id]
		b, there := before.Scores.Metrics[id]
		if there && a.Total == b.Total && maps.Equal(a.ByType, b.ByType) {
			continue
		}
		r.Changed = append(r.Changed, id)
		if there {
			old.Metrics[id] = b
		}
	}
	if r.Before, err = scoresJSON(old); err != nil {
		return r, err
	}
	r.after, r.Signatures, r.TypeMacro = after, signatures(after, nil), map[string]*float64{}
	for id, m := range after.Scores.Metrics {
		macro, defined := metrics.Tally(m.ByType).TypeMacro()
		r.TypeMacro[id] = orNull(metrics.Ratio{Value: macro, Defined: defined})
	}
	r.Scores, err = scoresJSON(after.Scores)
	return r, err
}

// scoredJSON is what score prints as JSON.
type scoredJSON struct {
	Runs     []rescored       `json:"runs"`
	Averages []systemAverages `json:"averages"`
}

func (env *environment) printRescored(ctx context.Context, runs []rescored) error {
	averages, err := env.averages(ctx, runs)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(scoredJSON{runs, averages})
	}
	for _, r := range runs {
		fmt.Fprintf(env.stdout, "%s  %s  %s:", r.ID, r.Dataset, r.Model)
		for _, id := range sortedKeys(r.Scores) {
			fmt.Fprintf(env.stdout, "  %s %s%s", id, reports.Percent(r.Scores[id].F1), r.mark(id))
		}
		if r.Complete < r.Passages {
			fmt.Fprintf(env.stdout, "  (%d of %d passages)", r.Complete, r.Passages)
		}
		fmt.Fprintln(env.stdout)
		for _, id := range sortedKeys(r.Signatures) {
			fmt.Fprintf(env.stdout, "  %s\n", r.Signatures[id])
		}
	}
	return env.printAverages(averages)
}

// mark says how the score of a metric differs from the one before.
func (r *rescored) mark(id string) string {
	before, there := r.Before[id]
	switch {
	case !slices.Contains(r.Changed, id):
		return ""
	case !there:
		return " (new)"
	}
	return " (was " + reports.Percent(before.F1) + ")"
}
