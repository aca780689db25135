package harness

import (
	"context"
	"slices"

	"nerbench/internal/fault"
	"nerbench/metrics/stats"
	"nerbench/reports"
	"nerbench/results"
)

// rankAlpha is the significance level of rank ranges (docs/spec/metrics.md §12.6).
const rankAlpha = 0.05

// rankSystems sets the rank ranges of the systems on each dataset, and on all datasets of
// the table by the mean. A system is ranked if it has one whole run there: complete, and
// neither with a limit nor of a shard. The mean ranks the systems that have one on every
// dataset.
func rankSystems(ctx context.Context, st *statistics, t *reports.Table, runs []results.RunInfo) error {
	lines, others, at := t.Rows, t.Cols, func(line, other string) (string, string) { return line, other }
	switch reports.KeyDataset {
	case t.RowKey:
	case t.ColKey:
		lines, others, at = t.Cols, t.Rows, func(line, other string) (string, string) { return other, line }
	default:
		return fault.Usagef("table: --ranks ranks systems on each dataset: want --rows %[1]s or --cols %[1]s", reports.KeyDataset)
	}
	partial := map[string]bool{}
	for id, coverage := range Coverages(runs) {
		partial[id] = coverage.Partial() || !coverage.Whole()
	}
	var contests []contest
	var places []rankPlace
	for _, metric := range t.Metrics {
		whole := map[string]system{} // scores of each system on all datasets
		datasets := 0
		for _, line := range lines {
			if reports.IsAverage(line) {
				continue
			}
			datasets++
			place := rankPlace{metric: metric, line: line}
			var systems []system
			for _, other := range others {
				row, col := at(line, other)
				if s, ok := rankable(t.Cell(metric, row, col), metric, runs, partial); ok {
					place.others, systems = append(place.others, other), append(systems, system{s})
					whole[other] = append(whole[other], s)
				}
			}
			place.others, systems = samePassages(place.others, systems)
			contests, places = append(contests, newContest(systems)), append(places, place)
		}
		if !slices.Contains(lines, reports.MeanRows) {
			continue
		}
		place := rankPlace{metric: metric, line: reports.MeanRows}
		var systems []system
		for _, other := range others {
			if len(whole[other]) == datasets {
				place.others, systems = append(place.others, other), append(systems, whole[other])
			}
		}
		place.others, systems = samePassages(place.others, systems)
		contests, places = append(contests, newContest(systems)), append(places, place)
	}
	tests, err := st.contestTests(ctx, contests)
	if err != nil {
		return err
	}
	for i, place := range places {
		for s, r := range rankRanges(contests[i], tests[i]) {
			row, col := at(place.line, place.others[s])
			t.SetRank(place.metric, row, col, r.From, r.To)
		}
	}
	return nil
}

// rankPlace is a line of a table with the systems that are ranked on it.
type rankPlace struct {
	metric, line string
	others       []string
}

// rankable returns the score of a cell; ok is false if it is not of exactly one whole
// run.
func rankable(c *reports.Cell, metric string, runs []results.RunInfo, partial map[string]bool) (s scored, ok bool) {
	if c == nil || len(c.Runs) != 1 || c.Incomplete || partial[c.Runs[0]] {
		return s, false
	}
	i := slices.IndexFunc(runs, func(r results.RunInfo) bool { return r.ID == c.Runs[0] })
	if i < 0 || runs[i].State != results.Complete {
		return s, false
	}
	id, ok := fullMetric(runs[i], metric)
	return scored{runs[i], id}, ok
}

// samePassages keeps the systems that have the same passages as most others: paired tests
// need the same passages.
func samePassages(names []string, systems []system) ([]string, []system) {
	groups := map[string][]int{}
	most := ""
	for i, s := range systems {
		key := s.passages()
		if groups[key] = append(groups[key], i); len(groups[key]) > len(groups[most]) {
			most = key
		}
	}
	var keptNames []string
	var kept []system
	for _, i := range groups[most] {
		keptNames, kept = append(keptNames, names[i]), append(kept, systems[i])
	}
	return keptNames, kept
}

// rankRanges returns the rank ranges of the systems of a contest. A single system has no
// rank.
func rankRanges(c contest, tests pairTests) []stats.Rank {
	if len(c.systems) < 2 {
		return nil
	}
	f1 := make([]float64, len(c.systems))
	for i, s := range c.systems {
		f1[i] = s.f1()
	}
	return stats.Ranks(f1, tests.p, rankAlpha)
}
