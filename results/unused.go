package results

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"

	"nerbench/ner"
)

// answerBatch is the number of answers that one transaction removes.
const answerBatch = 4096

// removeUnused removes the answers that only removed passages used.
//
// An answer is unused if no passage refers to it, so all passages are read, without
// a lock. If an answer is recorded in the meantime, its entry no longer has the
// number that was read, so the answer stays.
func (s *Store) removeUnused(ctx context.Context, db *sql.DB) error {
	free, used, err := s.unused(ctx)
	if err != nil {
		return err
	}
	return removeAnswers(ctx, db, free, used)
}

// removeAnswers removes the unused answers, and all entries.
func removeAnswers(ctx context.Context, db *sql.DB, free, used []int64) error {
	const answers = `DELETE FROM completions WHERE key IN (
		SELECT key FROM unused WHERE number IN (SELECT value FROM json_each(?)))`
	const entries = "DELETE FROM unused WHERE number IN (SELECT value FROM json_each(?))"
	if err := inBatches(ctx, db, free, answers, entries); err != nil {
		return err
	}
	return inBatches(ctx, db, used, entries)
}

// inBatches executes statements for lists of numbers, with some of them in each
// transaction.
func inBatches(ctx context.Context, db *sql.DB, numbers []int64, statements ...string) error {
	for some := range slices.Chunk(numbers, answerBatch) {
		list, err := json.Marshal(some)
		if err != nil {
			return err
		}
		err = turn(ctx, db, func(tx *sql.Tx) error {
			for _, statement := range statements {
				if _, err := tx.ExecContext(ctx, statement, string(list)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// unused reads the entries of answers that are scheduled for removal. It returns
// the numbers of the answers that no passage uses, in storage order, and the
// numbers of the others.
func (s *Store) unused(ctx context.Context) (free, used []int64, err error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	defer tx.Rollback() // read-only: both queries see the same state of the store
	waiting, err := readWaiting(ctx, tx)
	if err != nil || len(waiting) == 0 {
		return nil, nil, err
	}
	rows, err := tx.QueryContext(ctx, "SELECT keys FROM passages")
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var keys sql.RawBytes
		if err := rows.Scan(&keys); err != nil {
			return nil, nil, err
		}
		if len(keys)%len(ner.AnswerKey{}) != 0 {
			return nil, nil, ErrDamaged
		}
		for key := range slices.Chunk(keys, len(ner.AnswerKey{})) {
			if number, ok := waiting[ner.AnswerKey(key)]; ok {
				used = append(used, number)
				delete(waiting, ner.AnswerKey(key))
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(waiting), func(a, b ner.AnswerKey) int { return bytes.Compare(a[:], b[:]) })
	for _, k := range keys {
		free = append(free, waiting[k])
	}
	return free, used, rows.Err()
}

// readWaiting reads the answers that are scheduled for removal.
func readWaiting(ctx context.Context, tx *sql.Tx) (map[ner.AnswerKey]int64, error) {
	rows, err := tx.QueryContext(ctx, "SELECT number, key FROM unused")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	waiting := make(map[ner.AnswerKey]int64)
	for rows.Next() {
		var number int64
		var key sql.RawBytes
		if err := rows.Scan(&number, &key); err != nil {
			return nil, err
		}
		if len(key) != len(ner.AnswerKey{}) {
			return nil, ErrDamaged
		}
		waiting[ner.AnswerKey(key)] = number
	}
	return waiting, rows.Err()
}
