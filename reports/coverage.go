package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Coverage is the part of a split that the scores of a run are over. Every output uses
// it for one rule (docs/spec/metrics.md §1.4): the value of a run that is incomplete,
// or has only a part of the split, carries a note with its number of passages. Without
// a scored passage there is no value, and never a 0.
type Coverage struct {
	// Scored passages, of those of the run.
	Scored, Passages int
	// Split is the number of passages of the whole split; 0: unknown.
	Split int
	// Limit is set for a run on the first passages of the split, to the limit that was
	// asked for; Shard for a run on one part i/n; Sample for a sample under the cap.
	Limit  int
	Shard  string
	Sample bool
}

// NewCoverage returns the coverage of a run with these keys.
func NewCoverage(keys map[string]string, scored, passages, split int) Coverage {
	limit, _ := strconv.Atoi(keys["limit"]) // keys of runs are valid; no key: 0
	return Coverage{scored, passages, split, limit, keys["shard"], keys["cap"] != "" && passages < split && limit == 0}
}

// Whole reports whether all passages of the run are scored.
func (c Coverage) Whole() bool { return c.Scored >= c.Passages }

// Partial reports whether the run has only the first passages of the split, or one
// shard of them.
func (c Coverage) Partial() bool { return c.Limit > 0 || c.Shard != "" }

// Value returns a ratio of the run; nil if no passage is scored, as some formulas give
// 0 then.
func (c Coverage) Value(ratio *float64) *float64 {
	if c.Scored == 0 {
		return nil
	}
	return ratio
}

// Note returns the remark that each value of the run carries; empty if the run is
// complete and has the whole split.
func (c Coverage) Note() string {
	switch part := c.part(); {
	case c.Whole():
		return part
	case part != "":
		return fmt.Sprintf("incomplete: %d of the %s", c.Scored, part)
	}
	return fmt.Sprintf("incomplete: %d of %d passages", c.Scored, c.Passages)
}

// part names the passages of the run; empty for the whole split.
func (c Coverage) part() string {
	of := ""
	if c.Split > 0 {
		of = fmt.Sprintf(" of %d", c.Split)
	}
	switch {
	case c.Shard != "" && c.Limit > 0:
		return fmt.Sprintf("%d passages of shard %s of the first %d%s", c.Passages, c.Shard, c.Limit, of)
	case c.Shard != "":
		return fmt.Sprintf("%d%s passages of shard %s", c.Passages, of, c.Shard)
	case c.Limit > 0:
		return fmt.Sprintf("first %d%s passages", c.Passages, of)
	case c.Sample:
		return fmt.Sprintf("sampled %d%s passages", c.Passages, of)
	}
	return ""
}

// Print prints a ratio of the run in percent, with the mark of its note. seen is set if the
// model has seen the dataset in training.
func (c Coverage) Print(ratio *float64, seen bool, marks *Marks) string {
	s := Percent(c.Value(ratio))
	if note := c.noteWith(seen); note != "" {
		s += " " + marks.Mark(note)
	}
	return s
}

// noteWith is the note, with that of a model that has seen the dataset in training.
func (c Coverage) noteWith(seen bool) string {
	if seen {
		return joinNotes(c.Note(), SeenNote)
	}
	return c.Note()
}

// Note returns the remark that each value of the run carries: on its passages, and that the
// model has seen the dataset in training.
func (r *Result) Note() string { return r.Coverage().noteWith(r.Seen) }

// Coverage returns the part of the split that the scores of the run are over.
func (r *Result) Coverage() Coverage {
	return NewCoverage(r.Keys, r.Complete-r.Unscored, r.Passages, r.SplitPassages)
}

// Poolable returns the runs of one system that one mean may pool, and those that it
// leaves out (docs/spec/metrics.md §10.2).
func Poolable(results []Result) (kept, left []Result) {
	runs := make([]*run, len(results))
	for i := range results {
		runs[i] = &run{Result: &results[i]}
	}
	at, without := pool(byDataset(runs))
	for _, r := range runs {
		if slices.Contains(at[r.key(KeyDataset)], r) {
			kept = append(kept, *r.Result)
		}
	}
	for _, r := range without {
		left = append(left, *r.Result)
	}
	return kept, left
}

func byDataset(runs []*run) map[string][]*run {
	at := map[string][]*run{}
	for _, r := range runs {
		at[r.key(KeyDataset)] = append(at[r.key(KeyDataset)], r)
	}
	return at
}

// pool returns the runs of several datasets that one mean may pool: the longest of each
// dataset, and of these the ones with the same limit. The longer limit counts. A whole
// split that is not longer than the limit counts, too, because a run with the limit
// would have the same passages.
func pool(at map[string][]*run) (kept map[string][]*run, left []*run) {
	kept = map[string][]*run{}
	whole, limit, most := false, 0, 0
	for _, id := range sortedKeys(at) {
		runs, shorter := longest(at[id])
		kept[id], left = runs, append(left, shorter...)
		for _, r := range runs {
			c := r.Coverage()
			if !c.Whole() { // no mean has it
				continue
			}
			limit = max(limit, c.Limit)
			if !c.Partial() {
				whole, most = true, max(most, r.Passages)
			}
		}
	}
	fits := func(c Coverage) bool {
		switch {
		case !whole: // shards differ in their passages as limits do
			return c.Limit == 0 || c.Limit == limit
		case most > limit:
			return !c.Partial()
		}
		return c.Shard == "" && (c.Limit == 0 || c.Limit == limit)
	}
	for _, id := range sortedKeys(kept) {
		of := kept[id]
		kept[id] = nil
		for _, r := range of {
			if c := r.Coverage(); !c.Whole() || fits(c) {
				kept[id] = append(kept[id], r)
			} else {
				left = append(left, r)
			}
		}
		if kept[id] == nil {
			delete(kept, id)
		}
	}
	return kept, left
}

// longest returns the runs of one dataset that count at one place of a table, and those
// that do not: a run on a part of the split does not count beside a longer one, nor an
// incomplete run beside a complete one.
func longest(runs []*run) (kept, left []*run) {
	keep := func(counts func(Coverage) bool) {
		if !slices.ContainsFunc(kept, func(r *run) bool { return counts(r.Coverage()) }) {
			return
		}
		var of []*run
		for _, r := range kept {
			if counts(r.Coverage()) {
				of = append(of, r)
			} else {
				left = append(left, r)
			}
		}
		kept = of
	}
	kept = runs
	keep(func(c Coverage) bool { return !c.Partial() })
	most := 0
	for _, r := range kept {
		most = max(most, r.Passages)
	}
	keep(func(c Coverage) bool { return !c.Partial() || c.Passages == most })
	keep(Coverage.Whole)
	return kept, left
}

// coverageNotes returns the notes of runs, each once.
func coverageNotes(runs []*run) []string {
	var notes []string
	for _, r := range runs {
		if note := r.Coverage().Note(); note != "" && !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	return notes
}

// leftOut names runs that do not count, with their datasets if named is set.
func leftOut(runs []*run, named bool) string {
	var parts []string
	for _, r := range runs {
		part := r.Coverage().Note() // only runs with a note are left out
		if named {
			part = r.key(KeyDataset) + " (" + part + ")"
		} else {
			part = "another run (" + part + ")"
		}
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "left out: " + strings.Join(parts, ", ")
}
