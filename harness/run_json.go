package harness

import (
	"fmt"
	"time"

	"nerbench/harness/loop"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// RunJSON is the JSON form of a run. Scored is the number of scored passages.
type RunJSON struct {
	ID       string                     `json:"id"`
	Keys     map[string]string          `json:"keys"`
	State    results.State              `json:"state"`
	Passages int                        `json:"passages"`
	Complete int                        `json:"complete"`
	Queries  int                        `json:"queries"`
	Outcomes map[ner.Outcome]int        `json:"outcomes"`
	Scores   map[string]metrics.Figures `json:"scores"`
	Scored   int                        `json:"scored"`
	// Note is the remark on its passages: "incomplete: 3 of 8 passages".
	Note string `json:"note,omitempty"`
	// Seen is set if the model has seen the dataset in training, by its card.
	Seen bool `json:"seen,omitempty"`

	// Asker is the process that sends its queries; null if there is none.
	Asker *RunAsker `json:"asker,omitempty"`

	// Coverage is the part of its split that its scores are over.
	Coverage reports.Coverage `json:"-"`
}

// RunAsker is the process that sends the queries of a run.
type RunAsker struct {
	Host    string    `json:"host"`
	Process int       `json:"process"`
	Since   time.Time `json:"since"`
}

// NewRunJSON returns the JSON form of a run.
func NewRunJSON(r results.RunInfo, coverage reports.Coverage) (RunJSON, error) {
	scores, err := Figures(r.Scores)
	if err != nil {
		return RunJSON{}, fmt.Errorf("run %s: %w", r.ID, err)
	}
	outcomes := r.Scores.Outcomes
	if outcomes == nil {
		outcomes = map[ner.Outcome]int{}
	}
	var asker *RunAsker
	if r.Asker != nil {
		asker = &RunAsker{r.Asker.Host, r.Asker.Process, r.Asker.Since}
	}
	return RunJSON{
		Asker: asker,
		ID:    r.ID, Keys: r.Keys, State: r.State, Passages: r.Passages, Complete: r.Complete, Queries: r.Queries,
		Outcomes: outcomes, Scores: scores, Scored: r.Scores.Passages, Note: coverage.Note(), Seen: Seen(r), Coverage: coverage,
	}, nil
}

// ShownRun is a run in full.
type ShownRun struct {
	RunJSON
	ByType   map[ner.EntityType]map[string]metrics.Figures `json:"by_type"`
	Counters map[string]int                                `json:"counters"`
	Remarks  []string                                      `json:"remarks"`
	// Dropped counts the items that are in the answers and not used, by reason.
	Dropped map[string]int `json:"dropped"`
	// Facts are the metadata of the run, by the names of ner.Facts.
	Facts map[string]string `json:"facts"`
	// Cost is the sum over its answers; what the server does not tell is null.
	Cost Cost `json:"cost"`
	// Versions are those of the parsers and of the metric, by metric id.
	Versions map[string]MetricVersions `json:"versions"`
	// Signatures are the signature lines of the scores, by metric id.
	Signatures map[string]string `json:"signatures"`
	Created    time.Time         `json:"created"`
	Updated    time.Time         `json:"updated"`
}

// MetricVersions are the versions by which a metric was computed: of the parser of answers,
// and of the metric.
type MetricVersions struct {
	Reader string `json:"reader"`
	Metric string `json:"metric"`
}

// NewShownRun returns the JSON form of a run in full.
func NewShownRun(r results.RunInfo) (ShownRun, error) {
	base, err := NewRunJSON(r, Coverages([]results.RunInfo{r})[r.ID])
	if err != nil {
		return ShownRun{}, err
	}
	out := ShownRun{
		RunJSON: base, Counters: r.Scores.Counters, Dropped: loop.Dropped(r.Scores.Counters), Remarks: Remarks(r), ByType: map[ner.EntityType]map[string]metrics.Figures{},
		Versions: map[string]MetricVersions{}, Signatures: r.Signatures(), Created: r.Created.UTC(), Updated: r.Updated.UTC(),
	}
	if out.Facts = r.Facts; out.Facts == nil {
		out.Facts = map[string]string{}
	}
	if out.Counters == nil {
		out.Counters = map[string]int{}
	}
	for id, m := range r.Scores.Metrics {
		metric, _, err := metrics.ParseID(id)
		if err != nil {
			return ShownRun{}, fmt.Errorf("run %s: %w", r.ID, err)
		}
		out.Versions[id] = MetricVersions{m.Reader, m.Version}
		for t, s := range m.ByType {
			if out.ByType[t] == nil {
				out.ByType[t] = map[string]metrics.Figures{}
			}
			out.ByType[t][id] = FiguresOf(metric, s, r.Scores.Passages)
		}
	}
	return out, nil
}
