package verify

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"nerbench/datasets"
	"nerbench/loaders"
)

// nearTable6 is the largest share by which the documents of a split may differ from
// Table 6 if the dataset's files are known to differ a little.
const nearTable6 = 0.02

// viewsOfTable6 are the views that create the instances of Table 6 from native files.
var viewsOfTable6 = []datasets.View{datasets.ViewAll, datasets.ViewAllButLast, datasets.ViewSameAsTest, datasets.ViewMarks}

// compareTable6 compares the documents of a split of the primary set with the count of
// Table 6, if nothing else is recorded about the files.
func (j Job) compareTable6(ctx context.Context, data fs.FS, v *Split) error {
	rule := j.Dataset.CountRule
	want, ok := j.Dataset.Table6.Count(j.Part.Name)
	view := rule.View[j.Part.Name]
	if !ok || want == 0 || !j.Set.Primary || j.Part.Lock != nil || v.State != loaders.StateUnlocked || rule.Cut != "" ||
		rule.Status == "no" || !slices.Contains(viewsOfTable6, view) {
		return nil
	}
	found := v.Documents
	if view != datasets.ViewAll {
		var err error
		if found, err = j.viewed(ctx, data); err != nil {
			return err
		}
	}
	most := 0
	if rule.Status == "near" {
		most = int(nearTable6 * float64(want))
	}
	if difference := max(found-want, want-found); difference > most {
		v.Differences = append(v.Differences, fmt.Sprintf("documents: found %d, Table 6 has %d", found, want))
	}
	return nil
}

// viewed counts the instances of the Table 6 view.
func (j Job) viewed(ctx context.Context, data fs.FS) (n int, err error) {
	docs, _, err := loaders.Documents(ctx, data, j.Dataset, loaders.Options{Set: j.Set.Name, Split: j.Part.Name, View: loaders.Table6View})
	if err != nil {
		return 0, err
	}
	for _, err := range docs {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}
