package results

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// sourceError is an error about one of the stores that are merged. It has the path of the
// store.
type sourceError struct{ error }

func (e *sourceError) Unwrap() error { return e.error }

// source is a store that is merged. It is read without locks, so that it may be on a
// network file system or in a folder that cannot be written: no process uses it, and the
// file has all of its content.
type source struct {
	*Store
	rows    []runRow
	facts   map[string]facts // by the ids of the runs
	answers int              // that were read
	size    int64
	changed time.Time
}

// sourceCache is the page cache of one source in KiB: it is read once, in order.
const sourceCache = 128

// openSources opens stores for merging, and reads their runs.
func openSources(ctx context.Context, paths []string) (all sources, err error) {
	for _, path := range paths {
		s, err := openSource(ctx, path)
		if err != nil {
			all.close()
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (s sources) close() {
	for _, from := range s {
		_ = from.read.Close() // nothing was written
	}
}

func openSource(ctx context.Context, path string) (*source, error) {
	c := defaults()
	info, err := os.Stat(path)
	if err != nil {
		return nil, &sourceError{fault(path, errors.Unwrap(err))}
	}
	s := &source{Store: emptyStore(path), size: info.Size(), changed: info.ModTime()}
	version, err := inspect(ctx, path, c) // also reads a log
	last, latestErr := latest(c.migrations)
	switch {
	case err == nil && latestErr != nil:
		err = latestErr
	case err == nil && version == 0:
		err = emptyError{}
	case err == nil && version < last:
		err = fmt.Errorf("%w: schema %d, this program has %d", ErrOlder, version, last)
	}
	if err == nil {
		err = s.inUse(ctx)
	}
	if err != nil {
		return nil, s.fail(err)
	}
	s.read = pool(path, 1, append([]string{immutable}, pragmas("query_only(on)", fmt.Sprintf("cache_size(-%d)", sourceCache))...))
	if err := s.readRuns(ctx); err != nil {
		_ = s.read.Close()
		return nil, s.fail(err)
	}
	return s, nil
}

// fail adds the path of the source to an error.
func (s *source) fail(err error) error {
	if err == nil || errors.As(err, new(*sourceError)) {
		return err
	}
	return &sourceError{s.Store.fault(err)}
}

// inUse reports a store that another process has open, or that a killed process left with
// a log.
func (s *source) inUse(ctx context.Context) error {
	log := ""
	for _, ending := range []string{"-wal", "-journal"} {
		if _, err := os.Lstat(s.path + ending); err == nil {
			log = ending
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if log == "" {
		return nil
	}
	if asker := s.asker(ctx); asker != nil {
		return asker
	}
	return fmt.Errorf("%w (there is %s%s)", ErrInUse, s.path, log)
}

// asker returns the process that sends queries of the store; nil if none is found.
func (s *source) asker(ctx context.Context) error {
	db := pool(s.path, 1, []string{"mode=ro"})
	defer db.Close()
	all, err := s.readClaims(ctx, db)
	if err != nil {
		return nil // the log is the reason anyway
	}
	for number, c := range all {
		var id string
		if err := db.QueryRowContext(ctx, "SELECT id FROM runs WHERE number = ?", number).Scan(&id); err == nil {
			return c.asked(id)
		}
	}
	return nil
}

// readRuns reads the runs with their metadata, and verifies them.
func (s *source) readRuns(ctx context.Context) error {
	return snapshot(ctx, s.read, func(tx *sql.Tx) (err error) {
		if s.rows, err = readRuns(ctx, tx, ""); err != nil {
			return err
		}
		if s.facts, err = readFacts(ctx, tx, ""); err != nil {
			return err
		}
		for _, r := range s.rows {
			if s.facts[r.id].sum(r.id) != r.facts {
				return fmt.Errorf("%w: facts of run %s: %w", ErrDamaged, r.id, errChecksum)
			}
		}
		return nil
	})
}

// unchanged reports a source that another process has changed while it was read.
func (s sources) unchanged() error {
	for _, from := range s {
		info, err := os.Stat(from.path)
		if err != nil {
			return from.fail(errors.Unwrap(err))
		}
		_, logErr := os.Lstat(from.path + "-wal")
		if logErr == nil || info.Size() != from.size || !info.ModTime().Equal(from.changed) {
			return from.fail(fmt.Errorf("%w: it was changed while it was read", ErrInUse))
		}
	}
	return nil
}

// compare orders runs by age.
func (r *runRow) compare(other *runRow) int {
	return cmp.Or(cmp.Compare(r.created, other.created), cmp.Compare(r.id, other.id))
}
