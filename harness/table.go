package harness

import (
	"context"
	"slices"

	"nerbench/internal/fault"
	"nerbench/reports"
)

// TableRequest describes a table of the runs in the store.
type TableRequest struct {
	// Spec has the axes, the metrics, and the conditions on runs. Its datasets, ratios
	// and doubled counts are set by [Bench.Table].
	reports.Spec
	// Suite limits the datasets to those of a suite; empty: all.
	Suite string
	// Resamples is the number of resamples of 95 % intervals; 0: no intervals.
	Resamples int
	// Published names published systems that stand beside the runs.
	Published []string
	// Ranks adds rank ranges (docs/spec/metrics.md §12.6).
	Ranks bool
}

// Table makes a table of the runs in the store.
func (b *Bench) Table(ctx context.Context, r TableRequest) (*reports.Table, error) {
	store, err := b.ReadStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	all, err := store.Runs(ctx, nil)
	if err != nil {
		return nil, err
	}
	r.Where = namedModels(all, r.Where)
	ofRuns := map[string][]string{} // the other keys are of tables only
	for key, values := range r.Where {
		if key != reports.KeyDomain && key != reports.KeySystem {
			ofRuns[key] = values
		}
	}
	found, err := b.Reported(ctx, store, ofRuns, r.Suite, r.Resamples)
	if err != nil {
		return nil, err
	}
	if len(found.Runs) == 0 {
		b.note("%s (nerbench runs list shows the runs of the store)", WhyNone(all, ofRuns))
	}
	r.Spec.Selected = true
	r.Benchmark, r.Spec.Ratios, r.Spec.Doubled = found.Benchmark, Ratios, Doubled
	t, err := reports.Build(found.Results, r.Spec)
	if err != nil {
		return nil, err
	}
	tokens, err := tokenWarnings(ctx, store, found.Runs)
	if err != nil {
		return nil, err
	}
	t.Warnings = append(t.Warnings, tokens...)
	if err := negativesApart(t); err != nil {
		return nil, err
	}
	if err := t.AddPublished(r.Published); err != nil {
		return nil, &UsageError{Err: err}
	}
	if r.Resamples > 0 {
		if err := (&statistics{bench: b, store: store}).meanIntervals(ctx, t, found.Runs, r.Resamples); err != nil {
			return nil, err
		}
	}
	if r.Ranks {
		if err := rankSystems(ctx, &statistics{bench: b, store: store}, t, found.Runs); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// negativesApart rejects a table of models against query sets, because it would mix
// negative sampling in training and at inference (docs/spec/prompts.md §2.9).
func negativesApart(t *reports.Table) error {
	axes := []string{t.RowKey, t.ColKey}
	models := slices.Contains(axes, reports.KeyModel) || slices.Contains(axes, reports.KeySystem)
	if !models || !slices.Contains(axes, "queries") || len(t.Rows) < 2 || len(t.Cols) < 2 {
		return nil
	}
	return &Hint{
		Err:    fault.Usagef("table: models against query sets would mix negative sampling in training and at inference"),
		Advice: "name one model: --where model=NAME",
	}
}
