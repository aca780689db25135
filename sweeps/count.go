package sweeps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nerbench/harness"
	"nerbench/ner"
	"nerbench/results"
)

// pointCounts has the counts of a point on one dataset.
type pointCounts struct {
	pooled []ner.Score // by passage, summed over the seeds
	seeds  []ner.Score // by seed, summed over the passages
}

// counter reads the counts of runs from the store.
type counter struct {
	bench     *harness.Bench
	store     *results.Store
	price     harness.Price
	resamples int

	infos   map[string]results.RunInfo
	partial map[string]string // reasons to omit runs and datasets, by name
	// unscored are the runs that have no counts of a metric, by its id.
	unscored map[string]map[string]bool
	costs    map[string]harness.Cost
}

func newCounter(bench *harness.Bench, store *results.Store, o Options) *counter {
	return &counter{
		bench: bench, store: store, price: o.Price, resamples: o.Resamples,
		infos: map[string]results.RunInfo{}, costs: map[string]harness.Cost{}, partial: map[string]string{}, unscored: map[string]map[string]bool{},
	}
}

// result computes the results of all points.
func (c *counter) result(ctx context.Context, p *Prepared) (*Result, error) {
	out := &Result{Sweep: p.Sweep.Name, Title: p.Sweep.Title, Varied: p.varied, Warning: p.Sweep.Warning, Lines: []Line{}, Notes: []string{}}
	base := slices.IndexFunc(p.points, func(pt preparedPoint) bool { return pt.Baseline })
	for m := range p.Sweep.Metrics {
		from := len(out.Lines)
		var baseCounts map[string]*pointCounts
		if base >= 0 {
			var err error
			if baseCounts, err = c.counts(ctx, &p.points[base], m); err != nil {
				return nil, err
			}
		}
		for i := range p.points {
			line, err := c.line(ctx, p, &p.points[i], m, baseCounts)
			if err != nil {
				return nil, err
			}
			out.Lines = append(out.Lines, line)
		}
		keepComparable(out.Lines[from:])
		adjustLines(out.Lines[from:])
	}
	if slices.Contains(p.varied, "paraphrase") {
		var err error
		if out.Paraphrases, err = c.paraphrases(ctx, p); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.partial)) {
		out.Notes = append(out.Notes, name+": "+c.partial[name])
	}
	for _, id := range slices.Sorted(maps.Keys(c.unscored)) {
		out.Notes = append(out.Notes, fmt.Sprintf("not scored by %s: %d of %d runs (sweep run or score RUN --metric ID scores them)",
			id, len(c.unscored[id]), len(p.runs)))
	}
	return out, nil
}

// counts returns the counts of a point by dataset. Incomplete datasets are omitted.
func (c *counter) counts(ctx context.Context, p *preparedPoint, m int) (map[string]*pointCounts, error) {
	out := map[string]*pointCounts{}
	for dataset, runs := range p.runs {
		counts := &pointCounts{}
		whole := true
		for _, r := range runs {
			list, err := c.ofRun(ctx, r, p.metrics[m])
			if err != nil {
				return nil, err
			}
			if whole = whole && list != nil; !whole {
				continue
			}
			counts.seeds = append(counts.seeds, ner.Sum(list))
			if counts.pooled == nil {
				counts.pooled = make([]ner.Score, len(list))
			}
			for i, s := range list {
				counts.pooled[i] = counts.pooled[i].Add(s)
			}
		}
		if whole {
			out[dataset] = counts
		}
	}
	return out, nil
}

// ofRun returns the counts of a run by passage. If the run is incomplete or not scored
// by the metric, it returns nil and adds a note. It does not score, because
// [Prepared.Run] scores by the metrics of all points.
func (c *counter) ofRun(ctx context.Context, r *run, metric string) ([]ner.Score, error) {
	if r.id == "" {
		c.partial[r.name] = "not run"
		return nil, nil
	}
	info, there := c.infos[r.id]
	if !there {
		var err error
		if info, err = c.store.Find(ctx, r.id); err != nil {
			return nil, err
		}
		c.infos[r.id] = info
	}
	if info.Complete < info.Passages { // no mean has it (docs/spec/metrics.md §1.4)
		c.partial[r.name] = harness.Coverages([]results.RunInfo{info})[info.ID].Note()
		return nil, nil
	}
	ids, err := harness.MetricIDs([]string{metric}, info.Keys)
	if err != nil {
		return nil, err
	}
	list, err := c.store.Counts(ctx, r.id, ids[0])
	if errors.Is(err, results.ErrNoScore) || err == nil && len(list) != info.Complete { // counts of an incomplete run are stale
		if c.unscored[ids[0]] == nil {
			c.unscored[ids[0]] = map[string]bool{}
		}
		c.unscored[ids[0]][r.id] = true
		return nil, nil
	}
	return list, err
}
