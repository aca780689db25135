package sweeps

import (
	"context"
	"errors"
	"fmt"
	"maps"
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

// line computes one line.
func (c *counter) line(ctx context.Context, p *Prepared, point *preparedPoint, m int, base map[string]*pointCounts) (Line, error) {
	metric := point.metrics[m]
	l := Line{
		Keys: point.Keys, Baseline: point.Baseline, Metric: metric, Datasets: map[string]*float64{},
		Total: len(p.datasets), Runs: []string{}, asked: p.Sweep.Metrics[m],
	}
	counts, err := c.counts(ctx, point, m)
	if err != nil {
		return l, err
	}
	var ds []stats.Dataset
	var pairs []stats.Dataset
	var seeds [][]ner.Score
	for _, dataset := range p.datasets {
		for _, r := range point.runs[dataset.ID] {
			if r.id != "" && !slices.Contains(l.Runs, r.id) {
				l.Runs = append(l.Runs, r.id)
				if err := c.addCost(ctx, &l, r); err != nil {
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
		return l, ctx.Err()
	}
	l.Mean = meanOf(metric, ds)
	l.Deviation = deviation(metric, seeds)
	if c.resamples > 0 {
		i := stats.Bootstrap(ds, c.resamples)
		l.CI = &[2]float64{i.Low, i.High}
	}
	if len(pairs) == l.Used && l.Used > 0 && !point.Baseline {
		t := stats.Compare(pairs)
		l.Difference, l.P = &t.Difference, &t.P
		if c.resamples > 0 {
			i := stats.BootstrapPair(pairs, c.resamples).Difference
			l.DifferenceCI = &[2]float64{i.Low, i.High}
		}
	}
	return l, ctx.Err()
}

// keepComparable removes the means of lines that are not over the largest set of
// datasets: means over different datasets never share a column
// (docs/spec/metrics.md §10.2).
func keepComparable(lines []Line) {
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

// addCost adds the cost and the failures of a run to a line.
func (c *counter) addCost(ctx context.Context, l *Line, r *run) error {
	price := c.price
	if price == (harness.Price{}) && r.Card != nil {
		price = harness.Price{In: r.Card.PriceIn, Out: r.Card.PriceOut}
	}
	info, there := c.infos[r.id]
	if !there {
		return nil
	}
	took, there := c.costs[r.id]
	if !there {
		var err error
		if took, err = harness.ReadCost(ctx, c.store, info, price); err != nil {
			return err
		}
		c.costs[r.id] = took
	}
	if l.Cost == nil {
		l.Cost = &took
	} else {
		sum := l.Cost.Add(took)
		l.Cost = &sum
	}
	l.Queries += info.Queries
	failures, _ := harness.FailureShare(info.Scores.Outcomes)
	l.Failures += failures
	return nil
}

// meanOf is the unweighted mean of the F1 of datasets (docs/spec/metrics.md §10.1).
func meanOf(metric string, ds []stats.Dataset) *float64 {
	total := 0.0
	for _, d := range ds {
		if _, _, f1 := harness.Ratios(metric, sum(d.A)); f1 != nil {
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
func adjustLines(lines []Line) {
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
