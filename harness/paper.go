package harness

import (
	"context"
	"errors"
	"io/fs"

	"nerbench/reports"
	"nerbench/reports/paper"
)

// PaperExhibits returns items of the paper with own runs, and the datasets of the
// benchmark. runOnly leaves out datasets that were not run; nil: where a text is brief.
func (b *Bench) PaperExhibits(ctx context.Context, items []paper.Item, where map[string][]string, runOnly *bool) ([]reports.Exhibit, []reports.DatasetInfo, error) {
	found, all, err := b.paperRuns(ctx, where)
	if err != nil {
		return nil, nil, err
	}
	spec := reports.Spec{Benchmark: found.Benchmark, Ratios: Ratios, Doubled: Doubled}
	var parts []reports.Exhibit
	for _, item := range items {
		if item.Lines == "data" {
			part, err := b.paperData(ctx, item)
			if err != nil {
				return nil, nil, err
			}
			parts = append(parts, part)
			continue
		}
		runs := found.Results
		if item.Own != "" { // partial runs can also be paired
			runs = all
		}
		t, err := paper.Build(item, runs, spec)
		if err != nil {
			return nil, nil, err
		}
		if runOnly != nil && *runOnly {
			t.RunOnly()
		}
		grids := t.Grids()
		if runOnly != nil { // else text and Markdown are brief by themselves
			grids[0].Brief = nil
		}
		parts = append(parts, reports.Exhibit{Name: item.Name, Title: item.Title, Grids: grids, Figure: t.Figure(), JSON: t})
	}
	return parts, found.Benchmark, nil
}

// paperRuns reads the runs of the tables, and all runs of the store. Without a store
// there are only the published numbers.
func (b *Bench) paperRuns(ctx context.Context, where map[string][]string) (found Reported, all []reports.Result, err error) {
	store, err := b.ReadStore(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		ds, err := b.SelectDatasets(nil, "full49", "")
		return Reported{Benchmark: b.DatasetInfos(ctx, ds)}, nil, err
	}
	if err != nil {
		return found, nil, err
	}
	defer store.Close()
	if found, err = b.Reported(ctx, store, where, "full49", 0); err != nil {
		return found, nil, err
	}
	if len(found.Runs) == 0 && len(where) > 0 {
		runs, err := SelectRuns(ctx, store, nil)
		if err != nil {
			return found, nil, err
		}
		b.note("%s", WhyNone(runs, where))
	}
	all, err = Results(ctx, store, where)
	return found, all, err
}

// paperData returns Table 6. It reads the files of the datasets.
func (b *Bench) paperData(ctx context.Context, item paper.Item) (reports.Exhibit, error) {
	ds, err := b.SelectDatasets(nil, "full49", "")
	if err != nil {
		return reports.Exhibit{}, err
	}
	lines, err := b.Stats(ctx, ds)
	if err != nil {
		return reports.Exhibit{}, err
	}
	g := StatsGrid(lines)
	notes, err := item.Notes()
	if err != nil {
		return reports.Exhibit{}, err
	}
	g.Title, g.Notes = item.Title, append(notes, g.Notes...)
	return reports.Exhibit{Name: item.Name, Title: item.Title, Grids: []reports.Grid{g}, JSON: lines}, nil
}
