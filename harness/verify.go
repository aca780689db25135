package harness

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"nerbench/datasets/acquire"
	"nerbench/datasets/verify"
	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/loaders"
)

// Verify loads every split that is present, or those of the named datasets, and
// compares it with the recorded counts and checksums. Differences and unreadable files
// are an error, and so are missing files of a named dataset. The list has all splits.
func (b *Bench) Verify(ctx context.Context, names []string) ([]verify.Split, error) {
	ds, err := b.SelectDatasets(names, "", "")
	if err != nil {
		return nil, err
	}
	jobs := verify.Jobs(ds)
	out := make([]verify.Split, len(jobs))
	faults := make([]error, len(jobs))
	parallel.Each(len(jobs), func(i int) { out[i], faults[i] = jobs[i].Verify(ctx, b.dataFS()) })
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	kept := []verify.Split{}
	bad, unread, absent := 0, 0, map[string]bool{}
	for i, v := range out {
		switch {
		case v.State == loaders.StateUnreadable:
			unread++
		case faults[i] != nil:
			return nil, faults[i]
		case v.State == loaders.StateDiffers:
			bad++
		case v.State == loaders.StateMissing:
			if len(names) == 0 && !jobs[i].Needed() {
				continue
			}
			absent[v.Dataset] = absent[v.Dataset] || jobs[i].Needed()
		}
		kept = append(kept, v)
	}
	for _, r := range ds {
		if len(names) == 0 {
			break
		}
		if !loaders.Supported(r, "") {
			return kept, acquire.Unsupported(r)
		}
		if absent[r.ID] {
			return kept, b.adviseData(r, fmt.Errorf("dataset %s: files are missing: %w", r.ID, fs.ErrNotExist))
		}
	}
	if unread > 0 {
		return kept, &fault.DataError{Err: fmt.Errorf("%s: unreadable (%d of %d splits)", splitsIn(kept, loaders.StateUnreadable), unread, len(kept))}
	}
	if bad > 0 {
		return kept, &fault.DataError{Err: fmt.Errorf("%s: not the recorded counts and checksums (%d of %d splits)", differing(kept), bad, len(kept))}
	}
	return kept, nil
}

// differing lists the splits that differ from the recorded data, and the fields that
// differ.
func differing(list []verify.Split) string {
	var parts []string
	for _, v := range list {
		if v.State != loaders.StateDiffers {
			continue
		}
		var fields []string
		for _, d := range v.Differences {
			name, _, _ := strings.Cut(d, ":")
			fields = append(fields, name)
		}
		parts = append(parts, fmt.Sprintf("%s %s %s differs in %s", v.Dataset, v.Set, v.Split, strings.Join(fields, ", ")))
	}
	return strings.Join(parts, "; ")
}

// splitsIn lists the splits in a state.
func splitsIn(list []verify.Split, state loaders.State) string {
	var parts []string
	for _, v := range list {
		if v.State == state {
			parts = append(parts, fmt.Sprintf("%s %s %s", v.Dataset, v.Set, v.Split))
		}
	}
	return strings.Join(parts, "; ")
}
