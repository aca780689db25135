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
	// Paraphrases has the results for types under other names.
	Paraphrases []Paraphrase `json:"paraphrases,omitempty"`
	Notes       []string     `json:"notes"`
	// Published has related tables of the paper, without own runs.
	Published []*paper.Table `json:"published,omitempty"`
	Warning   string         `json:"warning,omitempty"`
}

// Line is the result of one point by one metric.
type Line struct {
	Keys     map[string]string   `json:"keys"`
	Baseline bool                `json:"baseline"`
	Metric   string              `json:"metric"`
	Datasets map[string]*float64 `json:"rows"` // F1 by dataset
	// Remarks are notes on runs, by dataset: "incomplete: 3 of 8 passages". The mean
	// has no incomplete run.
	Remarks map[string]string `json:"remarks,omitempty"`
	Mean    *float64          `json:"mean_rows"` // mean F1 over the datasets; null if other lines have other datasets
	CI      *[2]float64       `json:"ci"`
	// Deviation is the standard deviation over the seeds; null with one seed.
	Deviation *float64 `json:"seeds_sd"`
	// Difference is the difference from the baseline. P is its two-sided p value,
	// PAdjusted the value corrected by Holm over the points.
	Difference   *float64    `json:"difference"`
	DifferenceCI *[2]float64 `json:"difference_ci"`
	P            *float64    `json:"p"`
	PAdjusted    *float64    `json:"p_adjusted"`
	// Used of Total datasets are in the mean.
	Used    int `json:"used"`
	Total   int `json:"total"`
	Queries int `json:"queries"`
	// Failures have no readable answer; nil if no generated answer is parsed, as those
	// of runs that are not scored.
	Failures *int          `json:"failures"`
	Cost     *harness.Cost `json:"cost"`
	Runs     []string      `json:"runs"`

	parsed int      // queries whose answer is parsed: Failures are some of them
	asked  string   // id of the metric without the options of the point
	used   []string // datasets in the mean
}

// Options are the options of [Prepared.Result].
type Options struct {
	// Price is the price of all models; the zero value stands for the prices of their
	// cards.
	Price harness.Price
	// Resamples is the number of resamples of intervals; 0: no intervals.
	Resamples int
}

// Result computes the result of the complete runs. It sends no queries, and does not
// score.
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

// published returns the tables of the paper that the sweep names, without own runs.
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

// Exhibit returns the tables and the chart of the result.
func (r *Result) Exhibit() reports.Exhibit {
	figure := r.figure()
	return reports.Exhibit{Name: r.Sweep, Title: r.Title, Grids: r.grids(), Figure: &figure, JSON: r}
}
