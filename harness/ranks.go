package harness

import (
	"context"
	"slices"

	"nerbench/internal/fault"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// rankAlpha is the significance level of rank ranges (docs/spec/metrics.md §12.6).
const rankAlpha = 0.05

// rankSystems sets the rank ranges of the systems on each dataset. Only cells of
// exactly one complete run are ranked.
func rankSystems(ctx context.Context, store *results.Store, t *reports.Table, runs []results.RunInfo) error {
	lines, others, at := t.Rows, t.Cols, func(line, other string) (string, string) { return line, other }
	switch reports.KeyDataset {
	case t.RowKey:
	case t.ColKey:
		lines, others, at = t.Cols, t.Rows, func(line, other string) (string, string) { return other, line }
	default:
		return fault.Usagef("table: --ranks ranks systems on each dataset: want --rows %[1]s or --cols %[1]s", reports.KeyDataset)
	}
	for _, metric := range t.Metrics {
		for _, line := range lines {
			var names []string
			var counts [][]ner.Score
			for _, other := range others {
				row, col := at(line, other)
				list, err := cellCounts(ctx, store, t.Cell(metric, row, col), metric, runs)
				if err != nil {
					return err
				}
				if list != nil && (len(counts) == 0 || len(list) == len(counts[0])) {
					names, counts = append(names, other), append(counts, list)
				}
			}
			for i, r := range rankRanges(line, metric, counts) {
				row, col := at(line, names[i])
				t.SetRank(metric, row, col, r.From, r.To)
			}
		}
	}
	return nil
}

// cellCounts returns the counts by passage of a cell; nil if the cell is not of
// exactly one complete run.
func cellCounts(ctx context.Context, store *results.Store, c *reports.Cell, metric string, runs []results.RunInfo) ([]ner.Score, error) {
	if c == nil || len(c.Runs) != 1 || c.Incomplete {
		return nil, nil
	}
	i := slices.IndexFunc(runs, func(r results.RunInfo) bool { return r.ID == c.Runs[0] })
	if i < 0 || runs[i].State != results.Complete {
		return nil, nil
	}
	for id := range runs[i].Scores.Metrics {
		if MetricName(id) == MetricName(metric) {
			return store.Counts(ctx, runs[i].ID, id)
		}
	}
	return nil, nil
}

// rankRanges returns the rank ranges of the systems on one dataset, by their counts
// of each passage. A single system has no rank.
func rankRanges(dataset, metric string, counts [][]ner.Score) []stats.Rank {
	if len(counts) < 2 {
		return nil
	}
	f1 := make([]float64, len(counts))
	p := map[[2]int]float64{}
	rounds := stats.RankRounds(len(counts), rankAlpha)
	for i := range counts {
		if _, _, v := Ratios(metric, ner.Sum(counts[i])); v != nil {
			f1[i] = *v
		}
		for j := i + 1; j < len(counts); j++ {
			p[[2]int{i, j}] = stats.CompareIn([]stats.Dataset{{Seed: stats.DatasetSeed(0, dataset), A: counts[i], B: counts[j]}}, rounds).P
		}
	}
	return stats.Ranks(f1, func(i, j int) float64 { return p[[2]int{i, j}] }, rankAlpha)
}
