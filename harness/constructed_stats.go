package harness

import (
	"context"
	"slices"

	"nerbench/distill"
	"nerbench/distill/tables"
	"nerbench/internal/fault"
	"nerbench/reports"
	"nerbench/reports/paper"
)

// ConstructedStatistics computes the statistics of folders of constructed data, with those of each
// part of the corpus if they are wanted. Two folders are compared. No model is asked.
func ConstructedStatistics(ctx context.Context, dirs []string, bySource bool) (*tables.Statistics, error) {
	s := &tables.Statistics{Published: tables.Published()}
	if len(dirs) == 0 {
		return nil, fault.Usagef("distill stats: want DIR, a folder of nerbench distill construct")
	}
	var folders []distill.Folder
	for i, dir := range dirs {
		if slices.Contains(dirs[:i], dir) {
			return nil, fault.Usagef("distill: %s is named twice", dir)
		}
		d, err := distill.ReadDir(ctx, dir)
		if err != nil {
			return nil, err
		}
		f := distill.Folder{Name: dir, Data: d}
		summary := distill.Summarize(f)
		if bySource {
			passages, err := distill.ReadPassages(ctx, dir)
			if err != nil {
				return nil, err
			}
			summary.Sources = distill.BySource(passages, d.Kept)
		}
		folders, s.Folders = append(folders, f), append(s.Folders, summary)
	}
	if len(folders) == 2 {
		a := distill.Agree(folders[0], folders[1])
		s.Agreement = &a
	}
	return s, nil
}

// PaperConstructed adds Table 1 of folders of constructed data to the exhibit of that item.
func PaperConstructed(ctx context.Context, parts []reports.Exhibit, dirs []string) error {
	i := slices.IndexFunc(parts, func(x reports.Exhibit) bool { return x.Name == "table1" })
	if i < 0 {
		return fault.Usagef("paper: --distill is for table1")
	}
	s, err := ConstructedStatistics(ctx, dirs, false)
	if err != nil {
		return err
	}
	items, err := paper.Select("table1")
	if err != nil {
		return err
	}
	parts[i].Grids = s.Table1()
	parts[i].Grids[0].Title = items[0].Title
	parts[i].JSON = s
	return nil
}
