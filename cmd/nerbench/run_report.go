package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// runReport is what became of one dataset.
type runReport struct {
	Run      string                `json:"run"`
	Dataset  string                `json:"row"`
	Model    string                `json:"model"`
	Passages int                   `json:"passages"`
	Complete int                   `json:"complete"`
	Queries  int                   `json:"queries"` // of the whole run
	Asked    int                   `json:"asked"`   // now
	Cached   int                   `json:"known"`   // answers that the store had
	TooLong  int                   `json:"too_long"`
	Outcomes map[ner.Outcome]int   `json:"outcomes"`
	Scores   map[string]countsJSON `json:"scores"`
	Facts    map[string]string     `json:"facts"`             // of the whole run, by the names of ner.Facts
	Failure  string                `json:"failure,omitempty"` // why a passage is incomplete: the first reason
}

// runSummary is what became of all datasets.
type runSummary struct {
	Runs       []runReport `json:"runs"`
	NotRun     []notRun    `json:"not_run"`
	Incomplete int         `json:"incomplete"`
}

type notRun struct {
	Dataset string `json:"row"`
	Why     string `json:"why"`
}

func (s *runSummary) add(r runReport) {
	s.Runs = append(s.Runs, r)
	s.Incomplete += r.Passages - r.Complete
}

// fill takes over what the store knows of the run, and its scores by the metrics
// that were asked for; ids nil: it was not scored.
func (r *runReport) fill(ctx context.Context, store *results.Store, ids []string) error {
	info, err := store.Find(ctx, r.Run)
	if err != nil {
		return err
	}
	r.Complete, r.Queries = info.Complete, info.Queries
	if r.Facts = info.Facts; r.Facts == nil {
		r.Facts = map[string]string{}
	}
	if ids == nil {
		return nil
	}
	r.Outcomes = info.Scores.Outcomes
	maps.DeleteFunc(info.Scores.Metrics, func(id string, _ results.MetricScore) bool { return !slices.Contains(ids, id) })
	r.Scores, err = scoresJSON(info.Scores)
	return err
}

// scoresJSON prints kept counts as {counts} of the contract, by metric id.
func scoresJSON(s results.Scores) (map[string]countsJSON, error) {
	out := map[string]countsJSON{}
	for id, m := range s.Metrics {
		metric, _, err := metrics.ParseID(id)
		if err != nil {
			return nil, err
		}
		out[id] = newCountsJSON(metric, m.Total)
	}
	return out, nil
}

// text is the report for people: one line a metric.
func (r *runReport) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  run %s: %d of %d passages, %d queries (asked now %d, known before %d, too long %d)\n",
		r.Dataset, r.Model, r.Run, r.Complete, r.Passages, r.Queries, r.Asked, r.Cached, r.TooLong)
	for _, m := range metrics.Metrics {
		for _, id := range sortedKeys(r.Scores) {
			if metricName(id) != m.ID {
				continue
			}
			c := r.Scores[id]
			fmt.Fprintf(&b, "  %-18s F1 %s  P %s  R %s  (tp %g, predicted %d, gold %d)\n",
				id, reports.Percent(c.F1), reports.Percent(c.Precision), reports.Percent(c.Recall), c.TP, c.NPred, c.NGold)
		}
	}
	if failures, queries := failureShare(r.Outcomes); queries > 0 {
		fmt.Fprintf(&b, "  unreadable answers %d of %d queries: %s\n", failures, queries, outcomesLine(r.Outcomes))
	}
	if computed, sent := r.Facts["prompt_tokens_computed"], r.Facts["prompt_tokens"]; computed != "" {
		fmt.Fprintf(&b, "  prompt tokens computed %s of %s%s\n", computed, sent, shareOf(computed, sent))
	}
	if r.Failure != "" {
		fmt.Fprintf(&b, "  incomplete, not scored: %d passages, the first one because: %s\n", r.Passages-r.Complete, r.Failure)
	}
	return b.String()
}

// metricName is a metric's id without its options.
func metricName(id string) string {
	name, _, _ := strings.Cut(id, "[")
	return name
}

func failureShare(outcomes map[ner.Outcome]int) (failures, queries int) {
	for o, n := range outcomes {
		queries += n
		if o.Failure() {
			failures += n
		}
	}
	return failures, queries
}

func outcomesLine(outcomes map[ner.Outcome]int) string {
	var parts []string
	for _, o := range ner.Outcomes {
		if n := outcomes[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", o, n))
		}
	}
	return strings.Join(parts, ", ")
}
