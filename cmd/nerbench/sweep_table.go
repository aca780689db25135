package main

import (
	"context"
	"fmt"

	"nerbench/reports"
	"nerbench/reports/paper"
	"nerbench/results"
)

// sweepResult is the result of a sweep in JSON.
type sweepResult struct {
	Sweep  string      `json:"sweep"`
	Title  string      `json:"title"`
	Varied []string    `json:"varied"`
	Lines  []sweepLine `json:"lines"`
	// Paraphrases are about the types that were asked by other names.
	Paraphrases []paraphraseLine `json:"paraphrases,omitempty"`
	Notes       []string         `json:"notes"`
	// Published are tables of the paper that ask the same, without own runs.
	Published []*paper.Table `json:"published,omitempty"`
	Warning   string         `json:"warning,omitempty"`
}

// sweepLine is one point by one metric.
type sweepLine struct {
	Keys     map[string]string   `json:"keys"`
	Baseline bool                `json:"baseline"`
	Metric   string              `json:"metric"`
	Datasets map[string]*float64 `json:"rows"`      // F1 by dataset
	Mean     *float64            `json:"mean_rows"` // F1: the mean over the datasets; null, too, where others are over more
	CI       *[2]float64         `json:"ci"`
	// Deviation is the standard deviation over the seeds; null: fewer than two.
	Deviation *float64 `json:"seeds_sd"`
	// Difference is from the baseline, P two-sided, PAdjusted by Holm over the
	// points.
	Difference   *float64    `json:"difference"`
	DifferenceCI *[2]float64 `json:"difference_ci"`
	P            *float64    `json:"p"`
	PAdjusted    *float64    `json:"p_adjusted"`
	// Used of Total datasets are in the mean.
	Used     int      `json:"used"`
	Total    int      `json:"total"`
	Queries  int      `json:"queries"`
	Failures int      `json:"failures"`
	Cost     *cost    `json:"cost"`
	Runs     []string `json:"runs"`

	asked string   // the metric as it was asked for, without what the point says of reading
	used  []string // the datasets in the mean
}

// printSweep prints what is complete of a sweep.
func (env *environment) printSweep(ctx context.Context, store *results.Store, p *sweepPlan, show sweepShow) error {
	c := newSweepCounter(ctx, env, store, show.price)
	result, err := c.result(p, show.resamples)
	if err != nil {
		return err
	}
	if result.Published, err = env.publishedTables(ctx, p.Published); err != nil {
		return err
	}
	x := result.exhibit()
	if show.out != "" {
		if _, err := writeExhibit(show.out, &x, ""); err != nil {
			return fmt.Errorf("sweep %s: %w", p.Name, err)
		}
		env.note("sweep %s: table and chart are in %s", p.Name, show.out)
	}
	return x.Write(env.stdout, show.format)
}

// exhibit is the result as it is written: tables, and a chart of the points.
func (r *sweepResult) exhibit() reports.Exhibit {
	figure := r.figure()
	return reports.Exhibit{Name: r.Sweep, Title: r.Title, Grids: r.grids(), Figure: &figure, JSON: r}
}
