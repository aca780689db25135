package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nerbench/ner"
)

// State is the progress of a run.
type State string

// The states. A run whose process was killed stays Asking until it is resumed.
const (
	Asking   State = "asking"   // begun, but not ended
	Partial  State = "partial"  // ended with incomplete passages
	Complete State = "complete" // every passage is complete
)

// RunInfo describes a run in the store.
type RunInfo struct {
	ID       string
	Keys     map[string]string
	State    State
	Passages int // all passages
	Complete int // complete ones
	Queries  int // queries of the complete passages
	Created  time.Time
	Updated  time.Time // time of the last commit of a passage
	Scores   Scores    // time of the last scoring; zero if not scored
	// Facts are the metadata of the run, by the names of [ner.Facts]; nil if there
	// are none.
	Facts map[string]string
}

// Begin registers a run with its number of passages, or continues it: runs with the
// same keys are the same run. Another number of passages is an error.
func (s *Store) Begin(ctx context.Context, run ner.Run, passages int) error {
	if err := run.Check(); err != nil {
		return err
	}
	keys := maps.Clone(run.Keys)
	maps.DeleteFunc(keys, func(_, value string) bool { return value == "" })
	text, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(transact(ctx, db, func(tx *sql.Tx) error {
		now := time.Now().UnixMilli()
		const insert = `INSERT INTO runs (id, keys, passages, asking, created, updated) VALUES (?, ?, ?, 1, ?, ?)
			ON CONFLICT DO UPDATE SET asking = 1 RETURNING passages`
		var have int
		if err := tx.QueryRowContext(ctx, insert, run.ID(), string(text), passages, now, now).Scan(&have); err != nil {
			return err
		}
		if have != passages {
			return fmt.Errorf("run %s: has %d passages, but %d were requested", run.ID(), have, passages)
		}
		return nil
	}))
}

// End records that no process works on a run: it is complete, or partial until it
// is begun again.
func (s *Store) End(ctx context.Context, runID string) error {
	db, err := s.writable()
	if err != nil {
		return err
	}
	done, err := db.ExecContext(ctx, "UPDATE runs SET asking = 0 WHERE id = ?", runID)
	return s.fault(affected(done, err, runID))
}

// affected returns an error if a statement changed no row.
func affected(r sql.Result, err error, runID string) error {
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return fmt.Errorf("run %s: %w", runID, ErrNoRun)
}

// Done reports for each passage of a run, by its index, whether it is complete.
func (s *Store) Done(ctx context.Context, runID string) ([]bool, error) {
	run, passages, err := s.run(ctx, runID)
	if err != nil {
		return nil, err
	}
	done := make([]bool, passages)
	// Most runs are complete from the start: there are fewer ranges without a gap
	// than passages.
	const q = `SELECT min(place), max(place) FROM (
			SELECT place, place - row_number() OVER (ORDER BY place) AS island
			FROM passages WHERE run = ? AND complete)
		GROUP BY island`
	rows, err := s.read.QueryContext(ctx, q, run)
	if err != nil {
		return nil, s.fault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var first, last int
		if err := rows.Scan(&first, &last); err != nil {
			return nil, s.fault(err)
		}
		if last >= passages {
			return nil, s.fault(fmt.Errorf("%w: run %s: passage %d of %d", ErrDamaged, runID, last, passages))
		}
		for i := first; i <= last; i++ {
			done[i] = true
		}
	}
	return done, s.fault(rows.Err())
}

// Documents returns for each passage of a run, by its index, the id of its document;
// empty for a passage that is not complete.
func (s *Store) Documents(ctx context.Context, runID string) ([]string, error) {
	run, passages, err := s.run(ctx, runID)
	if err != nil {
		return nil, err
	}
	documents := make([]string, passages)
	rows, err := s.read.QueryContext(ctx, "SELECT place, document FROM passages WHERE run = ? AND complete", run)
	if err != nil {
		return nil, s.fault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var place int
		var document string
		if err := rows.Scan(&place, &document); err != nil {
			return nil, s.fault(err)
		}
		if place >= passages {
			return nil, s.fault(fmt.Errorf("%w: run %s: passage %d of %d", ErrDamaged, runID, place, passages))
		}
		documents[place] = document
	}
	return documents, s.fault(rows.Err())
}

// Runs returns the runs whose keys have the given values, oldest first. An
// empty value selects the runs without the key; an unknown key is an error.
func (s *Store) Runs(ctx context.Context, filter map[string]string) ([]RunInfo, error) {
	if err := (ner.Run{Keys: filter}).Check(); err != nil {
		return nil, err
	}
	runs, err := s.list(ctx, "")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(runs, func(r RunInfo) bool {
		for name, value := range filter {
			if r.Keys[name] != value {
				return true
			}
		}
		return false
	}), nil
}

// Find returns the run whose id begins with prefix, or else the run whose former id
// does. If there are several, the error names them; if there is none, it wraps
// [ErrNoRun].
func (s *Store) Find(ctx context.Context, prefix string) (RunInfo, error) {
	runs, err := s.list(ctx, prefix)
	if current := func(r RunInfo) bool { return strings.HasPrefix(r.ID, prefix) }; slices.ContainsFunc(runs, current) {
		runs = slices.DeleteFunc(runs, func(r RunInfo) bool { return !current(r) })
	}
	switch {
	case err != nil:
		return RunInfo{}, err
	case len(runs) == 0 || prefix == "":
		return RunInfo{}, s.fault(fmt.Errorf("run %q: %w", prefix, ErrNoRun))
	case len(runs) > 1:
		ids := make([]string, len(runs))
		for i, r := range runs {
			ids[i] = r.ID
		}
		return RunInfo{}, s.fault(fmt.Errorf("run %s: ambiguous: %s", prefix, strings.Join(ids, ", ")))
	}
	return runs[0], nil
}

// list reads the runs whose id begins with prefix, with their scores.
func (s *Store) list(ctx context.Context, prefix string) ([]RunInfo, error) {
	runs, err := s.rows(ctx, prefix)
	if err != nil {
		return nil, s.fault(err)
	}
	scores, err := s.scores(ctx, prefix)
	if err != nil {
		return nil, s.fault(err)
	}
	facts, err := s.facts(ctx, prefix)
	if err != nil {
		return nil, s.fault(err)
	}
	for i := range runs {
		runs[i].Scores, runs[i].Facts = scores[runs[i].ID], facts[runs[i].ID]
	}
	return runs, nil
}

// hasPrefix selects runs by their id or former id. It compares bytes, since LIKE
// ignores case and has wildcards.
const hasPrefix = "(substr(runs.id, 1, length(?1)) = ?1 OR substr(runs.former_id, 1, length(?1)) = ?1)"

func (s *Store) rows(ctx context.Context, prefix string) (runs []RunInfo, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, keys, passages, complete, queries, asking, created, updated
		FROM runs WHERE `+hasPrefix+` ORDER BY number`, prefix)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r RunInfo
		var keys []byte
		var asking bool
		var created, updated int64
		if err := rows.Scan(&r.ID, &keys, &r.Passages, &r.Complete, &r.Queries, &asking, &created, &updated); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(keys, &r.Keys); err != nil {
			return nil, fmt.Errorf("%w: run %s: %w", ErrDamaged, r.ID, err)
		}
		r.State = state(r.Complete == r.Passages, asking)
		r.Created, r.Updated = time.UnixMilli(created), time.UnixMilli(updated)
		runs = append(runs, r)
	}
	return runs, rows.Err()
}

func state(complete, asking bool) State {
	switch {
	case complete:
		return Complete
	case asking:
		return Asking
	}
	return Partial
}
