package results

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Merged describes the union of stores.
type Merged struct {
	// Sources are the stores, in the order in which they were named. If the new store
	// existed before, it is the first one.
	Sources []MergedSource
	// Extended: the new store existed before.
	Extended bool
	// Runs are those of the union, oldest first.
	Runs []MergedRun
	// Answers is the number of answers of the union. Differing is the number of prompts
	// that two stores answer with another text or another end: a measure of repeatability.
	Answers, Differing int
}

// MergedSource is one of the stores that were merged.
type MergedSource struct {
	Path          string
	Runs, Answers int
}

// MergedRun is a run of the union.
type MergedRun struct {
	ID                 string
	Keys               map[string]string
	Passages, Complete int
}

// Merge writes the union of stores to path: the runs with their passages, the answers
// by their keys, the metadata of runs by their source ([ner.Facts]). If there is a store
// at path, it is extended. Scores, and what was computed from them, are left out.
//
// A complete passage counts more than an incomplete one. Where two stores answer one prompt
// differently, the answer stays whose (finish, text) is smaller, compared by bytes. So the
// union does not depend on the order of the stores, nor on how often they are merged.
//
// The stores are read in the order of their keys, with their checksums, and are not
// changed. It is an error if one of them is damaged ([ErrDamaged]), is open in another
// process or was left with a log ([ErrInUse]), has another schema, or has another number of
// passages or other documents for one run. The store at path appears, or is replaced, when
// the new one is complete. One that must not be written ([ErrReadOnly]) is not replaced.
func Merge(ctx context.Context, paths []string, path string) (Merged, error) {
	paths, extended, err := withTarget(paths, path)
	if err != nil {
		return Merged{}, err
	}
	sources, err := openSources(ctx, paths)
	if err != nil {
		return Merged{}, err
	}
	defer sources.close()
	if extended {
		if path, err = filepath.EvalSymlinks(path); err != nil { // a link stays, its store is replaced
			return Merged{}, fault(path, err)
		}
	}
	var merged Merged
	var failed error // with the path of the source
	err = publish(ctx, path, extended, func(part string) error {
		target, err := newTarget(ctx, part)
		if err != nil {
			return err
		}
		merged, failed = sources.merge(ctx, target)
		err = target.close(failed == nil)
		if failed == nil && err == nil {
			if err = reason(part, toDisk(part)); err == nil { // takes long, so the sources are compared afterwards
				failed = sources.unchanged()
			}
		}
		sources.close() // Windows replaces no open file
		return errors.Join(failed, err)
	})
	merged.Extended = extended
	if failed != nil && errors.As(failed, new(*sourceError)) {
		return merged, failed
	}
	return merged, err
}

// withTarget adds the store at path to those that are merged, if there is one. A store that
// must not be written is an error: a file can be replaced whatever its permissions are.
func withTarget(paths []string, path string) (all []string, extended bool, err error) {
	if path == "" {
		return paths, false, nil
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return paths, false, nil
	} else if err != nil {
		return nil, false, fault(path, errors.Unwrap(err))
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) {
		return nil, false, fault(path, ErrReadOnly)
	}
	if err == nil {
		_ = f.Close() // another reason is found when the store is read
	}
	return append([]string{path}, paths...), true, nil
}

// CheckMerge reads and verifies stores as [Merge] does, and describes their union, but
// writes nothing. The empty path is no store.
func CheckMerge(ctx context.Context, paths []string, path string) (Merged, error) {
	paths, extended, err := withTarget(paths, path)
	if err != nil {
		return Merged{}, err
	}
	sources, err := openSources(ctx, paths)
	if err != nil {
		return Merged{}, err
	}
	defer sources.close()
	merged, err := sources.merge(ctx, nil)
	if err == nil {
		err = sources.unchanged()
	}
	merged.Extended = extended
	return merged, err
}

// sources are the stores that are merged.
type sources []*source

// merge merges the sources into a target; nil: they are only read.
func (s sources) merge(ctx context.Context, t *target) (m Merged, err error) {
	if err := s.mergeAnswers(ctx, t, &m); err != nil {
		return m, err
	}
	if err := s.mergeUnused(ctx, t); err != nil {
		return m, err
	}
	runs, err := s.runs()
	if err != nil {
		return m, err
	}
	for _, r := range runs {
		if err := s.mergeRun(ctx, t, r); err != nil {
			return m, err
		}
		keys, err := r.row.decode()
		if err != nil {
			return m, err
		}
		m.Runs = append(m.Runs, MergedRun{ID: r.row.id, Keys: keys, Passages: r.row.passages, Complete: r.row.complete})
	}
	for _, from := range s {
		m.Sources = append(m.Sources, MergedSource{Path: from.path, Runs: len(from.rows), Answers: from.answers})
	}
	return m, nil
}

// mergedRun is a run with the sources that have it.
type mergedRun struct {
	row   runRow // of the union
	facts facts
	from  []runOf
}

// runOf is a run in one source.
type runOf struct {
	source *source
	row    runRow
}

// runs returns the runs of all sources, oldest first.
func (s sources) runs() ([]*mergedRun, error) {
	all := map[string]*mergedRun{}
	var list []*mergedRun
	for _, from := range s {
		for _, row := range from.rows {
			r := all[row.id]
			if r == nil {
				r = &mergedRun{row: row, facts: facts{}}
				r.row.complete, r.row.queries, r.row.asking, r.row.scoring = 0, 0, false, 0
				all[row.id] = r
				list = append(list, r)
			}
			if first := r.row.passages; row.passages != first {
				return nil, from.fail(fmt.Errorf("run %s: has %d passages, but %d in %s", row.id, row.passages, first, r.from[0].source.path))
			}
			r.take(row, from.facts[row.id])
			r.from = append(r.from, runOf{from, row})
		}
	}
	slices.SortFunc(list, func(a, b *mergedRun) int { return a.row.compare(&b.row) })
	return list, nil
}

// take adds what one store has about a run: the values that remain do not depend on the
// order of the stores.
func (r *mergedRun) take(row runRow, of facts) {
	r.row.keys = min(r.row.keys, row.keys) // the same keys, perhaps written by another version
	r.row.created, r.row.updated = min(r.row.created, row.created), max(r.row.updated, row.updated)
	if row.former.Valid && (!r.row.former.Valid || row.former.String < r.row.former.String) {
		r.row.former = row.former
	}
	r.facts.merge(of)
}
