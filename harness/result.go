package harness

import (
	"context"
	"maps"
	"slices"
	"strings"

	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
)

// Result is the outcome of one run.
type Result struct {
	Run      string                     `json:"run"`
	Dataset  string                     `json:"row"`
	Model    string                     `json:"model"`
	Passages int                        `json:"passages"`
	Complete int                        `json:"complete"`
	Queries  int                        `json:"queries"` // of the whole run
	Asked    int                        `json:"asked"`   // sent in this call
	Cached   int                        `json:"known"`   // answered by the store
	TooLong  int                        `json:"too_long"`
	Outcomes map[ner.Outcome]int        `json:"outcomes"`
	Scores   map[string]metrics.Figures `json:"scores"`
	Facts    map[string]string          `json:"facts"`             // of the whole run, by the names of ner.Facts
	Remarks  []string                   `json:"remarks,omitempty"` // for the user, about the answers
	Failure  string                     `json:"failure,omitempty"` // reason of the first incomplete passage
	Note     string                     `json:"note,omitempty"`    // "first 5 of 120 passages", see [reports.Coverage]
	Part     *PartResult                `json:"part,omitempty"`    // nil: all passages were asked for
}

// PartResult is the part of the passages of a run that a command asked for.
type PartResult struct {
	Part     string `json:"part"` // 3/8
	Passages int    `json:"passages"`
	Complete int    `json:"complete"`
}

// Missing is the number of passages that were asked for, and are not complete.
func (r *Result) Missing() int {
	if r.Part != nil {
		return r.Part.Passages - r.Part.Complete
	}
	return r.Passages - r.Complete
}

// Summary is the outcome of [Bench.Run].
type Summary struct {
	Runs       []Result `json:"runs"`
	NotRun     []NotRun `json:"not_run"`
	Incomplete int      `json:"incomplete"`
}

// NotRun is a dataset that was not run, and the reason.
type NotRun struct {
	Dataset string `json:"row"`
	Why     string `json:"why"`
}

func (s *Summary) add(r Result) {
	s.Runs = append(s.Runs, r)
	s.Incomplete += r.Missing()
}

// fill sets the counts and metadata of the run from the store, and the scores with
// these ids. nil: the run was not scored.
func (r *Result) fill(ctx context.Context, store *results.Store, ids []string) error {
	info, err := store.Find(ctx, r.Run)
	if err != nil {
		return err
	}
	r.Complete, r.Queries = info.Complete, info.Queries
	r.Note = Coverages([]results.RunInfo{info})[info.ID].Note()
	if r.Facts = info.Facts; r.Facts == nil {
		r.Facts = map[string]string{}
	}
	if ids == nil {
		return nil
	}
	r.Outcomes, r.Remarks = info.Scores.Outcomes, Remarks(info)
	maps.DeleteFunc(info.Scores.Metrics, func(id string, _ results.MetricScore) bool { return !slices.Contains(ids, id) })
	r.Scores, err = Figures(info.Scores)
	return err
}

// Figures returns the figures of stored scores by metric id.
func Figures(s results.Scores) (map[string]metrics.Figures, error) {
	out := map[string]metrics.Figures{}
	for id, m := range s.Metrics {
		metric, _, err := metrics.ParseID(id)
		if err != nil {
			return nil, err
		}
		out[id] = FiguresOf(metric, m.Total, s.Passages)
	}
	return out, nil
}

// FiguresOf returns the figures of the counts of a number of scored passages. Without
// a passage no ratio is defined (docs/spec/metrics.md §1.4).
func FiguresOf(metric metrics.Metric, s ner.Score, passages int) metrics.Figures {
	f := metrics.NewFigures(metric, s)
	if passages == 0 {
		f.Precision, f.Recall, f.F1 = nil, nil, nil
	}
	return f
}

// MetricName returns the id of a metric without its options.
func MetricName(id string) string {
	name, _, _ := strings.Cut(id, "[")
	return name
}

// FailureShare returns the number of queries that failed, and of all queries.
func FailureShare(outcomes map[ner.Outcome]int) (failures, queries int) {
	for o, n := range outcomes {
		queries += n
		if o.Failure() {
			failures += n
		}
	}
	return failures, queries
}
