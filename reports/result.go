package reports

import "nerbench/ner"

// Result holds the keys, the state and the counts of one run.
type Result struct {
	ID   string            // see [ner.Run.ID]
	Keys map[string]string // see [ner.Keys]; empty values may be left out
	// State is "complete", "partial" or "asking".
	State string
	// Passages is the number of documents of the run. Complete of them have an answer
	// to each of their queries.
	Passages, Complete int
	// Unscored of the complete passages are not in the scores, because they were
	// answered later.
	Unscored int
	// SplitPassages is the number of passages of the whole split; 0: unknown.
	SplitPassages int
	Queries       int
	// Outcomes counts the queries by outcome. It is empty for runs without generated
	// answers (a tagger, imported spans).
	Outcomes map[ner.Outcome]int
	// Scores holds the counts over all complete passages, by metric id
	// (docs/spec/metrics.md §1.5); ByType the same for each type.
	Scores map[string]ner.Score
	ByType map[string]map[ner.EntityType]ner.Score
	// Counters holds the other counts of scoring by name: "void", "unaligned",
	// "unknown_type", … (docs/spec/metrics.md §14.1).
	Counters map[string]int
	// Signatures describe in one line each how a score was computed, by metric id.
	Signatures map[string]string
	// Seen is set if the model was trained on the train split of the dataset, by its card.
	Seen bool
	// CI holds 95 % intervals of F1 by metric id, where they were computed
	// (docs/spec/metrics.md §12.3).
	CI map[string][2]float64
}

// DatasetInfo describes one dataset of the benchmark.
type DatasetInfo struct {
	ID     string
	Title  string
	Domain string
	// Absent is the reason for which the dataset cannot be run here ("needs an
	// agreement"); empty if it can.
	Absent string
}

// Incomplete reports whether some passages lack an answer, or are not in the scores
// (docs/spec/metrics.md §1.4).
func (r *Result) Incomplete() bool { return !r.Coverage().Whole() }

// Asked returns the number of queries with an outcome.
func (r *Result) Asked() int { return sum(r.Outcomes) }

// Failures returns the number of queries whose outcome is a failure
// (docs/spec/metrics.md §8.2).
func (r *Result) Failures() int {
	n := 0
	for o, k := range r.Outcomes {
		if o.Failure() {
			n += k
		}
	}
	return n
}
