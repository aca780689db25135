package harness

import (
	"context"
	"maps"
	"slices"

	"nerbench/metrics"
	"nerbench/results"
)

// Rescored is the outcome of [Bench.Score].
type Rescored struct {
	Runs     []RescoredRun    `json:"runs"`
	Averages []SystemAverages `json:"averages"`
}

// RescoredRun is the outcome for one run.
type RescoredRun struct {
	ID       string                     `json:"id"`
	Dataset  string                     `json:"row"`
	Model    string                     `json:"model"`
	Passages int                        `json:"passages"`
	Complete int                        `json:"complete"`
	Note     string                     `json:"note,omitempty"` // "incomplete: 3 of 8 passages", see [reports.Coverage]
	Changed  []string                   `json:"changed"`        // ids of metrics with new or different counts
	Scores   map[string]metrics.Figures `json:"scores"`
	Before   map[string]metrics.Figures `json:"before"` // former scores of the changed ones
	// TypeMacro is the mean of F1 over the types of the dataset. Signatures are the
	// signature lines of the scores. Both are by metric id.
	TypeMacro  map[string]*float64 `json:"type_macro"`
	Signatures map[string]string   `json:"signatures"`

	after results.RunInfo
}

// scoreAgain scores one run, and compares the scores with the former ones.
func (b *Bench) scoreAgain(ctx context.Context, store *results.Store, before results.RunInfo, ids []string) (RescoredRun, error) {
	r := RescoredRun{ID: before.ID, Dataset: before.Keys["dataset"], Model: before.Keys["model"], Changed: []string{}}
	asked, err := b.scoreRun(ctx, store, before.ID, ids, true)
	if err != nil {
		return r, err
	}
	after, err := store.Find(ctx, before.ID)
	if err != nil {
		return r, err
	}
	r.Passages, r.Complete = after.Passages, after.Complete
	r.Note = Coverages([]results.RunInfo{after})[after.ID].Note()
	maps.DeleteFunc(after.Scores.Metrics, func(id string, _ results.MetricScore) bool { return !slices.Contains(asked, id) })
	old := results.Scores{Metrics: map[string]results.MetricScore{}}
	for _, id := range slices.Sorted(maps.Keys(after.Scores.Metrics)) {
		a := after.Scores.Metrics[id]
		b, there := before.Scores.Metrics[id]
		if there && a.Total == b.Total && maps.Equal(a.ByType, b.ByType) {
			continue
		}
		r.Changed = append(r.Changed, id)
		if there {
			old.Metrics[id] = b
		}
	}
	if r.Before, err = Figures(old); err != nil {
		return r, err
	}
	r.after, r.Signatures, r.TypeMacro = after, after.Signatures(), map[string]*float64{}
	for id, m := range after.Scores.Metrics {
		macro, defined := metrics.Tally(m.ByType).TypeMacro()
		r.TypeMacro[id] = metrics.Ratio{Value: macro, Defined: defined}.Pointer()
	}
	r.Scores, err = Figures(after.Scores)
	return r, err
}
