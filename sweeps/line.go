package sweeps

import (
	"context"
	"math"
	"slices"
	"strings"

	"nerbench/harness"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// line computes the result of one point by one metric.
func (c *counter) line(ctx context.Context, p *Prepared, point *preparedPoint, m int, base map[string]*pointCounts) (Line, error) {
	metric := point.metrics[m]
	l := Line{
		Keys: point.Keys, Baseline: point.Baseline, Metric: metric, Datasets: map[string]*float64{}, Remarks: map[string]string{},
		Total: len(p.datasets), Runs: []string{}, asked: p.Sweep.Metrics[m],
	}
	counts, err := c.counts(ctx, point, m)
	if err != nil {
		return l, err
	}
	var ds, pairs []stats.Dataset
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
		if note := c.remark(point.runs[dataset.ID]); note != "" {
			l.Remarks[dataset.ID] = note
		}
		of, there := counts[dataset.ID]
		if !there {
			if l.Datasets[dataset.ID], err = c.incompleteValue(point.runs[dataset.ID], metric); err != nil {
				return l, err
			}
			continue
		}
		whole := ner.Sum(of.pooled)
		if _, _, l.Datasets[dataset.ID] = harness.Ratios(metric, whole); whole.NGold == 0 { // docs/spec/metrics.md §10.4
			c.partial[dataset.ID] = "no gold: omitted from the means"
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
	if len(pairs) == l.Used && !point.Baseline {
		l.test(pairs, c.resamples)
	}
	return l, ctx.Err()
}

// test sets the difference from the baseline, with its p value, and with its interval
// from that many resamples (0: none).
func (l *Line) test(pairs []stats.Dataset, resamples int) {
	t := stats.Compare(pairs)
	l.Difference, l.P = &t.Difference, &t.P
	if resamples > 0 {
		i := stats.BootstrapPair(pairs, resamples).Difference
		l.DifferenceCI = &[2]float64{i.Low, i.High}
	}
}

// remark returns the notes on the passages of runs (see [reports.Coverage]) and on what
// their models have seen, each once.
func (c *counter) remark(runs []*run) string {
	var notes []string
	seen := false
	for _, r := range runs {
		info, there := c.infos[r.id]
		if !there {
			continue
		}
		if note := harness.Coverages([]results.RunInfo{info})[info.ID].Note(); note != "" && !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
		seen = seen || harness.Seen(info)
	}
	if seen {
		notes = append(notes, reports.SeenNote)
	}
	return strings.Join(notes, ", ")
}

// incompleteValue returns the F1 of an incomplete run over its scored passages; nil if
// it is one of several runs, or not scored.
func (c *counter) incompleteValue(runs []*run, metric string) (*float64, error) {
	if len(runs) != 1 || runs[0].id == "" {
		return nil, nil
	}
	info := c.infos[runs[0].id]
	ids, err := harness.MetricIDs([]string{metric}, info.Keys)
	if err != nil {
		return nil, err
	}
	scored, there := info.Scores.Metrics[ids[0]]
	if !there {
		return nil, nil
	}
	_, _, f1 := harness.Ratios(ids[0], scored.Total)
	return harness.Coverages([]results.RunInfo{info})[info.ID].Value(f1), nil
}

// keepComparable removes the means of lines that are not over the largest set of
// datasets, because means over different datasets must not be compared
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
	failures, parsed := harness.FailureShare(info.Scores.Outcomes)
	if parsed > 0 {
		l.parsed += parsed
		if l.Failures != nil {
			failures += *l.Failures
		}
		l.Failures = &failures
	}
	return nil
}

// meanOf returns the unweighted mean of the F1 of datasets (docs/spec/metrics.md §10.1).
func meanOf(metric string, ds []stats.Dataset) *float64 {
	total := 0.0
	for _, d := range ds {
		if _, _, f1 := harness.Ratios(metric, ner.Sum(d.A)); f1 != nil {
			total += *f1
		}
	}
	total /= float64(len(ds))
	return &total
}

// deviation returns the standard deviation over the seeds of the mean over the
// datasets.
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
