package harness

import (
	"slices"
	"strconv"
	"strings"

	"nerbench/reports"
	"nerbench/results"
)

// splitPassages is the fact with the number of passages of the split of a run.
const splitPassages = "split_passages"

// Coverages returns, by id, the part of its split that the scores of each run are over.
func Coverages(runs []results.RunInfo) map[string]reports.Coverage {
	sizes := map[string]int{} // of splits, by the documents in them
	for _, r := range runs {
		n, _ := strconv.Atoi(r.Facts[splitPassages]) // no fact: 0
		if n == 0 && r.Keys["limit"] == "" && r.Keys["shard"] == "" && r.Keys["cap"] == "" {
			n = r.Passages
		}
		sizes[documentsOf(r)] = max(sizes[documentsOf(r)], n)
	}
	out := map[string]reports.Coverage{}
	for _, r := range runs {
		out[r.ID] = reports.NewCoverage(r.Keys, r.Complete-unscored(r), r.Passages, sizes[documentsOf(r)])
	}
	return out
}

// Seen reports whether the model of a run was trained on the train split of the dataset, by
// a card that the run was made with.
func Seen(r results.RunInfo) bool {
	return slices.Contains(strings.Split(r.Facts["seen"], "; "), "yes")
}

// documentsOf identifies the documents of the split of a run.
func documentsOf(r results.RunInfo) string {
	return r.Keys["dataset"] + "\x1f" + r.Keys["split"] + "\x1f" + r.Keys["data"]
}

// unscored returns the number of complete passages that the scores of a run do not
// have. A run without scores has none.
func unscored(r results.RunInfo) int {
	if len(r.Scores.Metrics) == 0 {
		return 0
	}
	return max(0, r.Complete-r.Scores.Passages)
}
