// Package verify compares the files of datasets with the recorded counts and
// checksums. It also checks properties that hold for every dataset: gold as
// prediction scores 1, and perfect string answers reach the recorded ceilings.
package verify

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

// Split is the result of reading the files of one split.
type Split struct {
	Dataset     string                 `json:"row"`
	Set         string                 `json:"set"`
	Split       ner.Split              `json:"split"`
	State       loaders.State          `json:"state"`
	Documents   int                    `json:"documents"`
	Tokens      int                    `json:"tokens"`
	Spans       int                    `json:"spans"`
	ByType      map[ner.EntityType]int `json:"by_type"`
	Dropped     map[string]int         `json:"dropped"`
	Repairs     map[string]int         `json:"repairs"`
	Duplicates  int                    `json:"duplicates"`
	SpansSHA256 string                 `json:"spans_sha256"`
	TextsSHA256 string                 `json:"texts_sha256"`
	// Ceiling is the span F1 of a perfect string answer, by alignment mode
	// (docs/spec/metrics.md §7.6).
	Ceiling map[string]*float64 `json:"ceiling"`
	// Written is the span F1 of the same answers as models write them.
	Written     Written  `json:"written"`
	Differences []string `json:"differences"`
	// Hint is advice for files that cannot be read; may be empty.
	Hint string `json:"hint,omitempty"`
}

// Job is one split of one set of a dataset.
type Job struct {
	Dataset *datasets.Dataset
	Set     *datasets.Set
	Part    *datasets.Part
}

// Jobs lists the splits of datasets whose formats can be read.
func Jobs(ds []*datasets.Dataset) []Job {
	var jobs []Job
	for _, d := range ds {
		for i := range d.Sets {
			if !loaders.Supported(d, d.Sets[i].Name) {
				continue
			}
			for k := range d.Sets[i].Splits {
				jobs = append(jobs, Job{d, &d.Sets[i], &d.Sets[i].Splits[k]})
			}
		}
	}
	return jobs
}

// Needed reports whether a dataset is incomplete without the split: the split was
// measured, or it is one of [datasets.Dataset.DecisiveSplits]. Other splits may be
// missing from a release.
func (j Job) Needed() bool {
	return j.Set.Primary && (j.Part.Lock != nil || slices.Contains(j.Dataset.DecisiveSplits(), j.Part.Name))
}

// Verify reads the split in a data folder. A missing file is a state, not an error;
// an error means that a file cannot be read, and is in the result, too.
func (j Job) Verify(ctx context.Context, data fs.FS) (Split, error) {
	out := Split{Dataset: j.Dataset.ID, Set: j.Set.Name, Split: j.Part.Name}
	perfect, asWritten := ceilings{}, writtenCeilings{ceilings{}}
	gold := newGoldProperties(j.Dataset)
	v, err := loaders.Verify(ctx, data, j.Dataset, loaders.Options{Set: j.Set.Name, Split: j.Part.Name}, func(d *ner.Document) {
		perfect.add(d)
		asWritten.add(d)
		gold.add(d)
	})
	if err != nil {
		out.State, out.Differences, out.Hint = loaders.StateUnreadable, []string{err.Error()}, loaders.Advice(err)
		return out, err
	}
	out.State, out.Differences = v.State, v.Differences
	if v.State == loaders.StateMissing {
		return out, nil
	}
	if faults := gold.faults(v.Found.Spans); len(faults) > 0 {
		out.State = loaders.StateDiffers
		out.Differences = append(out.Differences, faults...)
	}
	out.Documents, out.Tokens, out.Spans = v.Found.Documents, v.Found.Tokens, v.Found.Spans
	out.ByType, out.Dropped, out.Repairs, out.Duplicates = v.Found.ByType, v.Tally.Dropped, v.Tally.Repairs, v.Tally.Duplicates
	out.SpansSHA256, out.TextsSHA256 = v.Found.SpansSHA256, v.Found.TextsSHA256
	out.Ceiling, out.Written = perfect.values(), asWritten.values()
	out.compareCeiling(j.Part.Lock)
	if err := j.compareTable6(ctx, data, &out); err != nil {
		return out, err
	}
	if len(out.Differences) > 0 {
		out.State = loaders.StateDiffers
	}
	return out, nil
}

// compareCeiling compares the ceilings with the recorded ones (docs/spec/metrics.md
// §13.10), which have six decimals.
func (v *Split) compareCeiling(lock *datasets.Lock) {
	if lock == nil || v.State != loaders.StateOK {
		return
	}
	for _, mode := range slices.Sorted(maps.Keys(lock.Ceiling)) {
		want := lock.Ceiling[mode]
		if got := v.Ceiling[mode]; got == nil || math.Abs(*got-want) > 1e-6 {
			v.Differences = append(v.Differences, fmt.Sprintf("ceiling of mode %s: found %s, expected %.6f", mode, CeilingText(got), want))
		}
	}
}
