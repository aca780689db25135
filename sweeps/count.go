package sweeps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/results"
)

// pointCounts are the counts of a point on one dataset.
type pointCounts struct {
	pooled []ner.Score // by passage, those of all seeds together
	seeds  []ner.Score // by seed, those of all passages
}

// counter reads counts of runs out of the store.
type counter struct {
	bench     *harness.Bench
	store     *results.Store
	price     harness.Price
	resamples int

	infos   map[string]results.RunInfo
	partial map[string]string // runs and datasets that are left out, and the reason
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

// result computes the lines of all points.
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
	for _, name := range sortedKeys(c.partial) {
		out.Notes = append(out.Notes, name+": "+c.partial[name])
	}
	for _, id := range sortedKeys(c.unscored) {
		out.Notes = append(out.Notes, fmt.Sprintf("not scored by %s: %d of %d runs (sweep run scores them, and so does score RUN --metric ID)",
			id, len(c.unscored[id]), len(p.runs)))
	}
	return out, nil
}

// counts are those of a point by dataset, without datasets that are not complete.
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
			counts.seeds = append(counts.seeds, sum(list))
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

// ofRun are the counts of a run by passage. They are nil, with a note, if the run is
// not complete or not scored by the metric: [Prepared.Run] scores, once, by the
// metrics of all points.
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
	if info.Complete < info.Passages {
		c.partial[r.name] = fmt.Sprintf("partial: %d of %d passages", info.Complete, info.Passages)
		return nil, nil
	}
	ids, err := loop.MetricIDs([]string{metric}, info.Keys["queries"], harness.AnswerForm(info.Keys))
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

// sum adds up the counts of passages.
func sum(scores []ner.Score) ner.Score {
	var total ner.Score
	for _, s := range scores {
		total = total.Add(s)
	}
	return total
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
