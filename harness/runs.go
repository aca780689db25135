package harness

import (
	"context"
	"slices"

	"nerbench/results"
)

// ListRuns lists the runs that fit conditions, with their coverage. If none of the runs
// of the store fits, it notes why.
func (b *Bench) ListRuns(ctx context.Context, where map[string][]string) ([]RunJSON, error) {
	store, err := b.ReadStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	all, err := SelectRuns(ctx, store, nil)
	if err != nil {
		return nil, err
	}
	runs, err := SelectRuns(ctx, store, where)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 && len(all) > 0 {
		b.note("%s", WhyNone(all, where))
	}
	lines, coverages := []RunJSON{}, Coverages(runs)
	for _, r := range runs {
		line, err := NewRunJSON(r, coverages[r.ID])
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// ShowRun returns all about the run whose id begins with name.
func (b *Bench) ShowRun(ctx context.Context, name string) (*ShownRun, error) {
	store, err := b.ReadStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	run, err := store.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	shown, err := NewShownRun(run)
	if err != nil {
		return nil, err
	}
	if shown.Cost, err = b.RunCost(ctx, store, run); err != nil {
		return nil, err
	}
	return &shown, nil
}

// RemoveRuns removes the runs whose ids begin with the names, and the answers that no
// other run uses. All must exist before one is removed. It calls removed with each run
// that is gone.
func (b *Bench) RemoveRuns(ctx context.Context, names []string, removed func(results.RunInfo)) error {
	store, err := b.OpenStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	var runs []results.RunInfo
	for _, name := range names {
		run, err := store.Find(ctx, name)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(runs, func(r results.RunInfo) bool { return r.ID == run.ID }) {
			runs = append(runs, run)
		}
	}
	for _, r := range runs {
		if err := store.Remove(ctx, r.ID); err != nil {
			return err
		}
		removed(r)
	}
	return nil
}
