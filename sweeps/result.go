package sweeps

import (
	"context"
	"slices"

	"nerbench/harness"
	"nerbench/reports"
	"nerbench/reports/paper"
)

// Result is the result of a sweep.
type Result struct {
	Sweep  string   `json:"sweep"`
	Title  string   `json:"title"`
	Varied []string `json:"varied"`
	Lines  []Line   `json:"lines"`
	// Paraphrases are about the types that were asked for by other names.
	Paraphrases []Paraphrase `json:"paraphrases,omitempty"`
	Notes       []string     `json:"notes"`
	// Published are tables of the paper on the same question, without own runs.
	Published []*paper.Table `json:"published,omitempty"`
	Warning   string         `json:"warning,omitempty"`
}

// Line is the result of one point by one metric.
type Line struct {
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
	Used     int           `json:"used"`
	Total    int           `json:"total"`
	Queries  int           `json:"queries"`
	Failures int           `json:"failures"`
	Cost     *harness.Cost `json:"cost"`
	Runs     []string      `json:"runs"`

	asked string   // the metric as it was asked for, without the options of the point
	used  []string // the datasets in the mean
}

// Options say how a result is computed.
type Options struct {
	// Price is that of all models; the zero value takes the prices of their cards.
	Price harness.Price
	// Resamples are those of intervals; 0: there are no intervals.
	Resamples int
}

// Result computes the result of the runs that are complete. Nothing is asked and
// nothing is scored.
func (p *Prepared) Result(ctx context.Context, o Options) (*Result, error) {
	store, err := p.bench.ReadStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	if err := p.find(ctx, store); err != nil {
		return nil, err
	}
	r, err := newCounter(p.bench, store, o).result(ctx, p)
	if err != nil {
		return nil, err
	}
	r.Published, err = p.published(ctx)
	return r, err
}

// published are the items of the paper that the sweep names, without own runs.
func (p *Prepared) published(ctx context.Context) ([]*paper.Table, error) {
	items, err := paper.Items()
	if err != nil || len(p.Sweep.Published) == 0 {
		return nil, err
	}
	ds, err := p.bench.SelectDatasets(nil, "full49", "")
	if err != nil {
		return nil, err
	}
	spec := reports.Spec{Benchmark: p.bench.DatasetInfos(ctx, ds)}
	var out []*paper.Table
	for _, item := range items {
		if !slices.Contains(p.Sweep.Published, item.Name) {
			continue
		}
		t, err := paper.BuildPublished(item, spec)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// Exhibit is the result as it is written: tables, and a chart of the points.
func (r *Result) Exhibit() reports.Exhibit {
	figure := r.figure()
	return reports.Exhibit{Name: r.Sweep, Title: r.Title, Grids: r.grids(), Figure: &figure, JSON: r}
}
