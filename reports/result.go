package reports

import "nerbench/ner"

// Result is what is known of one run: its keys, its state, and its counts.
type Result struct {
	ID   string            // identity of the run, see [ner.Run.ID]
	Keys map[string]string // see [ner.Keys]; empty values may be left out
	// State is "complete", "partial" or "asking".
	State string
	// Passages is the number of documents that the run asks about, Complete of
	// them have an answer to each of their queries.
	Passages, Complete int
	Queries            int
	// Outcomes counts the queries by the class in which they ended. It is empty
	// where no answers were generated (a tagger, imported spans).
	Outcomes map[ner.Outcome]int
	// Scores holds the counts over all complete passages, by metric id
	// (docs/spec/metrics.md §1.5); ByType the same for each type.
	Scores map[string]ner.Score
	ByType map[string]map[ner.EntityType]ner.Score
	// Counters holds what else was counted, by name: "void", "unaligned",
	// "unknown_type", … (docs/spec/metrics.md §14.1).
	Counters map[string]int
	// Signatures say by metric id, in one line each, how a score came about.
	Signatures map[string]string
	// CI holds 95 % intervals of F1 by metric id, for metrics that have a real
	// one (docs/spec/metrics.md §12.3).
	CI map[string][2]float64
}

// RowInfo describes one dataset of the benchmark.
type DatasetInfo struct {
	ID     string
	Title  string
	Domain string
	// Absent says why the row cannot be run here ("needs an agreement"); empty
	// if it can.
	Absent string
}

// incomplete reports whether some passages lack an answer (docs/spec/metrics.md §1.4).
func (r *Result) incomplete() bool { return r.Complete < r.Passages }

// asked is the number of queries that ended in some outcome.
func (r *Result) asked() int { return sum(r.Outcomes) }

// failures is the number of queries whose outcome is a failure (docs/spec/metrics.md §8.2).
func (r *Result) failures() int {
	n := 0
	for o, k := range r.Outcomes {
		if o.Failure() {
			n += k
		}
	}
	return n
}
