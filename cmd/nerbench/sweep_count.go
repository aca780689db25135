package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/results"
)

// pointCounts are the counts of a point on one dataset.
type pointCounts struct {
	pooled []ner.Score // by passage, those of all seeds together
	seeds  []ner.Score // by seed, those of all passages
}

// sweepCounter reads counts of runs out of the store.
type sweepCounter struct {
	env     *environment
	store   *results.Store
	ctx     context.Context
	infos   map[string]results.RunInfo
	partial map[string]string // what is left out, and why
	// unscored are the runs that have no counts of a metric, by its id.
	unscored map[string]map[string]bool
	costs    map[string]cost
	price    price
}

func newSweepCounter(ctx context.Context, env *environment, store *results.Store, p price) *sweepCounter {
	return &sweepCounter{
		env: env, store: store, ctx: ctx, price: p, infos: map[string]results.RunInfo{}, costs: map[string]cost{},
		partial: map[string]string{}, unscored: map[string]map[string]bool{},
	}
}

// result computes the lines of all points.
func (c *sweepCounter) result(p *sweepPlan, resamples int) (*sweepResult, error) {
	out := &sweepResult{Sweep: p.Name, Title: p.Title, Varied: p.varied, Warning: p.Warning, Lines: []sweepLine{}, Notes: []string{}}
	base := slices.IndexFunc(p.points, func(pt sweepPoint) bool { return pt.Baseline })
	for m := range p.metrics {
		from := len(out.Lines)
		var baseCounts map[string]*pointCounts
		if base >= 0 {
			var err error
			if baseCounts, err = c.counts(&p.points[base], m); err != nil {
				return nil, err
			}
		}
		for i := range p.points {
			line, err := c.line(p, &p.points[i], m, baseCounts, resamples)
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
		if out.Paraphrases, err = c.paraphrases(p); err != nil {
			return nil, err
		}
	}
	for _, name := range sortedKeys(c.partial) {
		out.Notes = append(out.Notes, name+": "+c.partial[name])
	}
	for _, id := range sortedKeys(c.unscored) {
		out.Notes = append(out.Notes, fmt.Sprintf("not scored by %s: %d of %d runs (sweep run scores them; score RUN --metric ID, too, without a model)",
			id, len(c.unscored[id]), len(p.asks)))
	}
	return out, nil
}

// counts are those of a point by dataset; datasets that are not complete are left out.
func (c *sweepCounter) counts(p *sweepPoint, m int) (map[string]*pointCounts, error) {
	out := map[string]*pointCounts{}
	for dataset, asks := range p.asks {
		counts := &pointCounts{}
		whole := true
		for _, a := range asks {
			list, err := c.ofRun(a, p.metrics[m])
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

// ofRun are the counts of a run by passage; nil: it is not complete, or not scored
// by the metric, which is noted. Nothing is scored here: running a sweep scores each
// run once, by the metrics of all points.
func (c *sweepCounter) ofRun(a *sweepAsk, metric string) ([]ner.Score, error) {
	if a.run == "" {
		c.partial[a.name] = "not run"
		return nil, nil
	}
	info, there := c.infos[a.run]
	if !there {
		var err error
		if info, err = c.store.Find(c.ctx, a.run); err != nil {
			return nil, err
		}
		c.infos[a.run] = info
	}
	if info.Complete < info.Passages {
		c.partial[a.name] = fmt.Sprintf("partial: %d of %d passages", info.Complete, info.Passages)
		return nil, nil
	}
	ids, err := loop.MetricIDs([]string{metric}, info.Keys["queries"], asks(info.Keys))
	if err != nil {
		return nil, err
	}
	list, err := c.store.Counts(c.ctx, a.run, ids[0])
	if errors.Is(err, results.ErrNoScore) || err == nil && len(list) != info.Complete { // those of an earlier stop are stale
		if c.unscored[ids[0]] == nil {
			c.unscored[ids[0]] = map[string]bool{}
		}
		c.unscored[ids[0]][a.run] = true
		return nil, nil
	}
	return list, err
}

// line computes one line.
func (c *sweepCounter) line(p *sweepPlan, point *sweepPoint, m int, base map[string]*pointCounts, resamples int) (sweepLine, error) {
	metric := point.metrics[m]
	l := sweepLine{
		Keys: point.Keys, Baseline: point.Baseline, Metric: metric, Datasets: map[string]*float64{},
		Total: len(p.ds), Runs: []string{}, asked: p.metrics[m],
	}
	counts, err := c.counts(point, m)
	if err != nil {
		return l, err
	}
	var ds []stats.Dataset
	var pairs []stats.Dataset
	var seeds [][]ner.Score
	for _, dataset := range p.ds {
		for _, a := range point.asks[dataset.ID] {
			if a.run != "" && !slices.Contains(l.Runs, a.run) {
				l.Runs = append(l.Runs, a.run)
				if err := c.addCost(&l, a); err != nil {
					return l, err
				}
			}
		}
		of, there := counts[dataset.ID]
		if !there {
			l.Datasets[dataset.ID] = nil
			continue
		}
		whole := sum(of.pooled)
		if _, _, l.Datasets[dataset.ID] = harness.Ratios(metric, whole); whole.NGold == 0 { // docs/spec/metrics.md §10.4
			c.partial[dataset.ID] = "no gold: in no mean"
			continue
		}
		l.used = append(l.used, dataset.ID)
		seed := stats.DatasetSeed(0, dataset.ID)
		ds = append(ds, stats.Dataset{Seed: seed, A: of.pooled})
		seeds = append(seeds, of.seeds)
		if b, there := base[dataset.ID]; there && !point.Baseline && len(b.pooled) == len(of.pooled) {
			pairs = append(pairs, stats.Dataset{Seed: seed, A: of.pooled, B: b.pooled})
		}
	}
	if l.Used = len(ds); l.Used == 0 {
		return l, c.ctx.Err()
	}
	l.Mean = meanOf(metric, ds)
	l.Deviation = deviation(metric, seeds)
	if resamples > 0 {
		i := stats.Bootstrap(ds, resamples)
		l.CI = &[2]float64{i.Low, i.High}
	}
	if len(pairs) == l.Used && l.Used > 0 && !point.Baseline {
		t := stats.Compare(pairs)
		l.Difference, l.P = &t.Difference, &t.P
		if resamples > 0 {
			i := stats.BootstrapPair(pairs, resamples).Difference
			l.DifferenceCI = &[2]float64{i.Low, i.High}
		}
	}
	return l, c.ctx.Err()
}

// keepComparable takes the means of lines away that are over other datasets than those
// that most lines could have: means over different datasets never share a column
// (docs/spec/metrics.md §10.2).
func keepComparable(lines []sweepLine) {
	var most []string
	for _, l := range lines {
		if len(l.used) > len(most) || len(l.used) == len(most) && l.Baseline {
			most = l.used
		}
	}
	for i := range lines {
		if l := &lines[i]; !slices.Equal(l.used, most) {
			l.Mean, l.CI, l.Deviation = nil, nil, nil
			l.Difference, l.DifferenceCI, l.P = nil, nil, nil
		}
	}
}

// addCost adds what is known of a run to a line.
func (c *sweepCounter) addCost(l *sweepLine, a *sweepAsk) error {
	run, of := a.run, c.price
	if of == (price{}) && a.plan.card != nil {
		of = price{a.plan.card.PriceIn, a.plan.card.PriceOut}
	}
	info, there := c.infos[run]
	if !there {
		return nil
	}
	took, there := c.costs[run]
	if !there {
		var err error
		if took, err = readCost(c.ctx, c.store, info, of); err != nil {
			return err
		}
		c.costs[run] = took
	}
	if l.Cost == nil {
		l.Cost = &took
	} else {
		sum := l.Cost.add(took)
		l.Cost = &sum
	}
	l.Queries += info.Queries
	failures, _ := failureShare(info.Scores.Outcomes)
	l.Failures += failures
	return nil
}

// meanOf is the unweighted mean of the F1 of datasets (docs/spec/metrics.md §10.1).
func meanOf(metric string, ds []stats.Dataset) *float64 {
	total := 0.0
	for _, r := range ds {
		if _, _, f1 := harness.Ratios(metric, sum(r.A)); f1 != nil {
			total += *f1
		}
	}
	total /= float64(len(ds))
	return &total
}

// deviation is the standard deviation, over the seeds, of the mean over the datasets.
func deviation(metric string, ds [][]ner.Score) *float64 {
	n := len(ds[0])
	if n < 2 || slices.ContainsFunc(ds, func(r []ner.Score) bool { return len(r) != n }) {
		return nil
	}
	means := make([]float64, n)
	center := 0.0
	for s := range means {
		for _, r := range ds {
			if _, _, f1 := harness.Ratios(metric, r[s]); f1 != nil {
				means[s] += *f1 / float64(len(ds))
			}
		}
		center += means[s] / float64(n)
	}
	squares := 0.0
	for _, m := range means {
		squares += (m - center) * (m - center)
	}
	sd := math.Sqrt(squares / float64(n-1))
	return &sd
}

// adjustLines corrects the p values of the points of one metric by Holm.
func adjustLines(lines []sweepLine) {
	var p []float64
	var of []int
	for i, l := range lines {
		if l.P != nil {
			p, of = append(p, *l.P), append(of, i)
		}
	}
	for i, adjusted := range stats.Holm(p) {
		lines[of[i]].PAdjusted = &adjusted
	}
}
