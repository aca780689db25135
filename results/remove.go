package results

import (
	"context"
	"database/sql"
	"time"

	"nerbench/internal/retry"
)

// removalBatch is the number of passages that one transaction removes.
const removalBatch = 1024

// Remove removes a run with its passages and scores, and the answers that no other
// run uses. It reads all passages of the store. If another process sends the queries of
// the run, the error is an [AskedError].
//
// It uses many short transactions with pauses between them, so that other processes
// can write. If it is interrupted, the run has fewer passages and no scores; the
// next removal of any run removes the remaining answers.
func (s *Store) Remove(ctx context.Context, runID string) error {
	db, err := s.writable()
	if err != nil {
		return err
	}
	run, err := s.run(ctx, runID)
	if err != nil {
		return err
	}
	for gone := false; !gone; {
		err := turn(ctx, db, func(tx *sql.Tx) (err error) {
			if err := s.checkFree(ctx, tx, &run); err != nil {
				return err
			}
			gone, err = removePassages(ctx, tx, run.id)
			return err
		})
		if err != nil {
			return s.fault(err)
		}
	}
	return s.fault(s.removeUnused(ctx, db))
}

// turn runs f in a transaction, and then pauses for the same time: another process
// that waits for the lock polls it, and must find it free.
func turn(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	start := time.Now()
	if err := transact(ctx, db, f); err != nil {
		return err
	}
	return retry.Sleep(ctx, min(time.Since(start), restLimit))
}

// removal removes the passages of run ?1 from place ?2 on, in order. REPLACE gives
// a new number to an answer that is already scheduled for removal.
var removal = []string{
	"DELETE FROM scorings WHERE run = ?1", // scores count all passages
	`INSERT OR REPLACE INTO unused (key)
		WITH RECURSIVE
			removed AS NOT MATERIALIZED (SELECT keys FROM passages WHERE run = ?1 AND place >= ?2),
			n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE (i + 1) * 16 < (SELECT max(length(keys)) FROM removed))
		SELECT substr(keys, i * 16 + 1, 16) FROM removed CROSS JOIN n WHERE i * 16 < length(keys)`,
	"DELETE FROM passages WHERE run = ?1 AND place >= ?2",
}

const (
	lastPassages = `SELECT min(place), json_group_array(DISTINCT layout) FROM (
		SELECT place, layout FROM passages WHERE run = ? ORDER BY place DESC LIMIT ?)`
	// The complete passages among them, and their queries.
	countRemoved = `SELECT count(*), coalesce(sum(length(keys) / 16), 0) FROM passages
		WHERE run = ?1 AND place >= ?2 AND complete`
	removeLayouts = `DELETE FROM layouts WHERE number IN (SELECT value FROM json_each(?))
		AND NOT EXISTS (SELECT 1 FROM passages WHERE layout = layouts.number)`
)

// removePassages removes the last passages of a run, or the run if it has none.
func removePassages(ctx context.Context, tx *sql.Tx, runID string) (gone bool, err error) {
	run, err := readRun(ctx, tx, runID)
	if err != nil {
		return false, err
	}
	var first sql.NullInt64
	var layouts string
	if err := tx.QueryRowContext(ctx, lastPassages, run.number, removalBatch).Scan(&first, &layouts); err != nil {
		return false, err
	}
	if !first.Valid {
		return true, removeRun(ctx, tx, run)
	}
	var complete, queries int
	if err := tx.QueryRowContext(ctx, countRemoved, run.number, first.Int64).Scan(&complete, &queries); err != nil {
		return false, err
	}
	run.complete, run.queries, run.scoring = run.complete-complete, run.queries-queries, 0
	for _, statement := range removal {
		if _, err := tx.ExecContext(ctx, statement, run.number, first.Int64); err != nil {
			return false, err
		}
	}
	if _, err := tx.ExecContext(ctx, removeLayouts, layouts); err != nil {
		return false, err
	}
	return false, run.update(ctx, tx)
}

func removeRun(ctx context.Context, tx *sql.Tx, run runRow) error {
	// And, by cascade, the rows that refer to it.
	if _, err := tx.ExecContext(ctx, "DELETE FROM runs WHERE number = ?", run.number); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE totals SET runs = runs - 1")
	return err
}
