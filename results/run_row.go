package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"nerbench/ner"
)

// runRow is a row of the table runs. It is only read by [scanRun], which verifies it,
// and only written by its methods, which compute its checksum.
type runRow struct {
	number                      int64
	id, keys                    string
	passages, complete, queries int
	asking                      bool
	created, updated            int64 // Unix time, milliseconds
	former                      sql.NullString
	facts, scoring              int64 // checksums of other tables
}

const runColumns = "number, id, keys, passages, complete, queries, asking, created, updated, former_id, facts_sum, scoring_sum, checksum"

func (r *runRow) sum() int64 {
	var f fields
	f.text(r.id)
	f.text(r.keys)
	for _, n := range []int64{int64(r.passages), int64(r.complete), int64(r.queries), number(r.asking), r.created, r.updated, r.facts, r.scoring, number(r.former.Valid)} {
		f.number(n)
	}
	f.text(r.former.String)
	return f.sum()
}

// scanRun reads the columns [runColumns]. A row whose checksum or id is wrong is an
// error, which wraps [ErrDamaged].
func scanRun(scan func(...any) error) (r runRow, err error) {
	var sum int64
	err = scan(&r.number, &r.id, &r.keys, &r.passages, &r.complete, &r.queries, &r.asking, &r.created, &r.updated, &r.former, &r.facts, &r.scoring, &sum)
	if err != nil {
		return r, err
	}
	if sum != r.sum() {
		return r, fmt.Errorf("%w: run %s: wrong checksum", ErrDamaged, r.id)
	}
	return r, r.checkID()
}

// checkID verifies that the id of the run is the hash of its keys.
func (r *runRow) checkID() error {
	keys, err := r.decode()
	if err != nil {
		return err
	}
	if id := (ner.Run{Keys: keys}).ID(); id != r.id {
		return fmt.Errorf("%w: run %s: its keys are those of run %s", ErrDamaged, r.id, id)
	}
	return nil
}

func (r *runRow) decode() (keys map[string]string, err error) {
	if err := json.Unmarshal([]byte(r.keys), &keys); err != nil {
		return nil, fmt.Errorf("%w: run %s: %w", ErrDamaged, r.id, err)
	}
	return keys, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

const selectRun = "SELECT " + runColumns + " FROM runs WHERE id = ?"

// readRun reads one run. A missing one is [ErrNoRun].
func readRun(ctx context.Context, db querier, id string) (runRow, error) {
	return oneRun(db.QueryRowContext(ctx, selectRun, id), id)
}

// oneRun reads the result of [selectRun]. It verifies that it is the requested run: a
// damaged index returns another one.
func oneRun(row *sql.Row, id string) (runRow, error) {
	r, err := scanRun(row.Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return r, fmt.Errorf("run %s: %w", id, ErrNoRun)
	case err == nil && r.id != id:
		return r, fmt.Errorf("%w: run %s: found run %s instead", ErrDamaged, id, r.id)
	}
	return r, err
}

// insert adds the run. Its number is determined by the database.
func (r *runRow) insert(ctx context.Context, tx *sql.Tx) error {
	const insert = `INSERT INTO runs (id, keys, passages, complete, queries, asking, created, updated, former_id, facts_sum, scoring_sum, checksum)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number`
	err := tx.QueryRowContext(ctx, insert, r.id, r.keys, r.passages, r.complete, r.queries, r.asking, r.created, r.updated, r.former, r.facts, r.scoring, r.sum()).Scan(&r.number)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE totals SET runs = runs + 1")
	return err
}

// The columns that change after a run was added.
const updateRun = `UPDATE runs SET complete = ?, queries = ?, asking = ?, updated = ?, facts_sum = ?, scoring_sum = ?, checksum = ? WHERE number = ?`

func (r *runRow) updates() []any {
	return []any{r.complete, r.queries, r.asking, r.updated, r.facts, r.scoring, r.sum(), r.number}
}

// update writes the changed columns.
func (r *runRow) update(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, updateRun, r.updates()...)
	return err
}

// changeRun changes a run in a transaction.
func changeRun(ctx context.Context, db *sql.DB, id string, change func(*sql.Tx, *runRow) error) error {
	return transact(ctx, db, func(tx *sql.Tx) error {
		r, err := readRun(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := change(tx, &r); err != nil {
			return err
		}
		return r.update(ctx, tx)
	})
}
