package harness

import (
	"context"
	"maps"
	"slices"

	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports/site"
)

// comparedModels are two models with their whole runs on the same passages.
type comparedModels struct {
	a, b   *boardEntry
	of, to system // in the order of the datasets' ids
}

// addPairs compares all pairs of models, as compare does: on each dataset that both have
// completed, corrected over these datasets, and by the mean over them.
func (m *boardMaker) addPairs(ctx context.Context) error {
	type run struct {
		scored
		passages string
	}
	whole := make([]map[string]run, len(m.entries))
	all := make([]system, len(m.entries))
	for i, e := range m.entries {
		whole[i] = map[string]run{}
		for _, d := range m.datasets {
			if r, there := e.main().runs[d.ID]; there && m.whole(r) {
				one := scored{r, m.rank}
				whole[i][d.ID] = run{one, (system{one}).passages()}
				all[i] = append(all[i], one)
			}
		}
	}
	all = slices.DeleteFunc(all, func(s system) bool { return len(s) == 0 })
	var models []comparedModels
	n := len(m.entries)
	tests := make([]pair, 0, n*(n-1)/2*(len(m.datasets)+1))
	for i, a := range m.entries {
		for k := i + 1; k < len(m.entries); k++ {
			c := comparedModels{a: a, b: m.entries[k]}
			for _, id := range slices.Sorted(maps.Keys(whole[i])) {
				if one, other := whole[i][id], whole[k][id]; one.passages == other.passages {
					c.of, c.to = append(c.of, one.scored), append(c.to, other.scored)
				}
			}
			if len(c.of) == 0 {
				continue
			}
			models = append(models, c)
			for n := range c.of {
				tests = append(tests, pair{c.of[n : n+1], c.to[n : n+1], stats.Rounds})
			}
			tests = append(tests, pair{c.of, c.to, stats.Rounds})
		}
	}
	found, err := m.statistics.tests(ctx, tests, all)
	if err != nil {
		return err
	}
	intervals := make([]*[2]float64, len(tests))
	if m.request.Resamples > 0 {
		for i := range tests {
			tests[i].draws = m.request.Resamples
		}
		if intervals, err = m.statistics.differences(ctx, tests, all); err != nil {
			return err
		}
	}
	for _, c := range models {
		n := len(c.of)
		p := make([]float64, n)
		for i := range p {
			p[i] = probability(found[i])
		}
		out := site.Pair{A: c.a.slug, B: c.b.slug, Datasets: map[string]site.Test{}}
		for i, adjusted := range stats.Holm(p) {
			out.Datasets[c.of[i].dataset()] = site.Test{Difference: meanDifference(c.of[i:i+1], c.to[i:i+1]), Interval: intervals[i], P: p[i], PAdjusted: adjusted}
		}
		mean := probability(found[n])
		out.Mean = &site.Test{Difference: meanDifference(c.of, c.to), Interval: intervals[n], P: mean, PAdjusted: mean}
		m.board.Pairs = append(m.board.Pairs, out)
		found, intervals = found[n+1:], intervals[n+1:]
	}
	return nil
}

// meanDifference is the difference of the means of two systems, as the paired test has it.
func meanDifference(a, b system) float64 {
	total := func(s scored) ner.Score { return s.run.Scores.Metrics[s.metric].Total }
	sum := 0.0
	for i := range a {
		x, _ := total(a[i]).F1()
		y, _ := total(b[i]).F1()
		sum += x - y
	}
	return sum / float64(len(a))
}
