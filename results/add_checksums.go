package results

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nerbench/ner"
)

// upgradeBatch is the number of rows that are read before their checksums are written.
const upgradeBatch = 4096

// addChecksums computes the checksums of a store without checksums. A store that is
// already damaged, as far as that can be seen, is an error: afterwards, its rows would
// look correct.
func addChecksums(ctx context.Context, tx *sql.Tx) error {
	var result string
	if err := tx.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, result)
	}
	if err := addToAnswers(ctx, tx); err != nil {
		return err
	}
	runs, err := rowsWithoutChecksum(ctx, tx)
	if err != nil {
		return err
	}
	for i := range runs {
		if err := addToRun(ctx, tx, &runs[i]); err != nil {
			return err
		}
	}
	return nil
}

// sums are checksums of rows, by the key of the row.
type sums[K any] []struct {
	key K
	sum int64
}

func (s *sums[K]) add(key K, sum int64) {
	*s = append(*s, struct {
		key K
		sum int64
	}{key, sum})
}

// addToAnswers adds the checksums of all answers, in batches.
func addToAnswers(ctx context.Context, tx *sql.Tx) error {
	update, err := tx.PrepareContext(ctx, "UPDATE completions SET checksum = ? WHERE key = ?")
	if err != nil {
		return err
	}
	defer update.Close()
	for last := []byte{}; ; {
		var batch sums[[]byte]
		err := eachAnswer(ctx, tx, "key > ? ORDER BY key LIMIT ?", func(key []byte, c *ner.Completion, _ int64) error {
			batch.add(bytes.Clone(key), new(fields).answer(key, c))
			return nil
		}, last, upgradeBatch)
		if err != nil {
			return err
		}
		for _, row := range batch {
			if _, err := update.ExecContext(ctx, row.sum, row.key); err != nil {
				return err
			}
		}
		if len(batch) < upgradeBatch {
			return nil
		}
		last = batch[len(batch)-1].key
	}
}

// eachAnswer reads answers, without verifying their checksums.
func eachAnswer(ctx context.Context, q querier, where string, yield func(key []byte, c *ner.Completion, sum int64) error, args ...any) error {
	rows, err := q.QueryContext(ctx, "SELECT key, "+answerColumns+" FROM completions WHERE "+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key []byte
		var c ner.Completion
		var sum int64
		if err := rows.Scan(&key, &c.Text, &c.Thinking, (*string)(&c.Finish), &c.PromptTokens, &c.AnswerTokens, (*int64)(&c.Duration), &sum); err != nil {
			return err
		}
		if err := yield(key, &c, sum); err != nil {
			return err
		}
	}
	return rows.Err()
}

// rowsWithoutChecksum reads all runs, and verifies their ids.
func rowsWithoutChecksum(ctx context.Context, tx *sql.Tx) (runs []runRow, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT number, id, keys, passages, complete, queries, asking, created, updated, former_id FROM runs ORDER BY number")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r runRow
		if err := rows.Scan(&r.number, &r.id, &r.keys, &r.passages, &r.complete, &r.queries, &r.asking, &r.created, &r.updated, &r.former); err != nil {
			return nil, err
		}
		if err := r.checkID(); err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, rows.Err()
}

// addToRun adds the checksums of a run, its passages, facts and scores.
func addToRun(ctx context.Context, tx *sql.Tx, r *runRow) error {
	if err := addToPassages(ctx, tx, r); err != nil {
		return err
	}
	facts, err := formerFacts(ctx, tx, r.number)
	if err != nil {
		return err
	}
	r.facts = formerFactsSum(r.id, facts)
	if r.scoring, err = addToScores(ctx, tx, r); err != nil {
		return err
	}
	return r.update(ctx, tx)
}

// addToPassages adds the checksums of the passages of a run, and verifies its counts.
func addToPassages(ctx context.Context, tx *sql.Tx, r *runRow) error {
	update, err := tx.PrepareContext(ctx, "UPDATE passages SET checksum = ? WHERE run = ? AND place = ?")
	if err != nil {
		return err
	}
	defer update.Close()
	found := tally{}
	for next := 0; ; {
		batch, err := passageSums(ctx, tx, r, next, &found)
		if err != nil {
			return err
		}
		for _, row := range batch {
			if _, err := update.ExecContext(ctx, row.sum, r.number, row.key); err != nil {
				return err
			}
		}
		if len(batch) < upgradeBatch {
			return found.check(*r)
		}
		next = batch[len(batch)-1].key + 1
	}
}

// passageSums computes the checksums of some passages of a run, from place first on.
func passageSums(ctx context.Context, tx *sql.Tx, r *runRow, first int, found *tally) (batch sums[int], err error) {
	const q = `SELECT place, document, passages.complete, types, keys FROM passages JOIN layouts ON number = layout
		WHERE run = ? AND place >= ? ORDER BY place LIMIT ?`
	rows, err := tx.QueryContext(ctx, q, r.number, first, upgradeBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var f fields
	for rows.Next() {
		var place int
		var document, types string
		var complete bool
		var keys []byte
		if err := rows.Scan(&place, &document, &complete, &types, &keys); err != nil {
			return nil, err
		}
		if complete {
			found.add(len(keys) / len(ner.AnswerKey{}))
		}
		batch.add(place, f.passage(r.id, place, document, complete, types, keys))
	}
	return batch, rows.Err()
}

// addToScores adds the checksums of the scores of a run, and returns that of its
// scoring; 0 if it has none.
func addToScores(ctx context.Context, tx *sql.Tx, r *runRow) (int64, error) {
	scoring := scoringRow{scores: map[string]int64{}}
	err := tx.QueryRowContext(ctx, "SELECT passages, outcomes, counters, scored FROM scorings WHERE run = ?", r.number).
		Scan(&scoring.passages, &scoring.outcomes, &scoring.counters, &scoring.scored)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	rows, err := scoreRows(ctx, tx, r.number)
	if err != nil {
		return 0, err
	}
	for i := range rows {
		row := &rows[i]
		sum := row.sum(r.id)
		const update = "UPDATE scores SET counts_sum = ?, checksum = ? WHERE run = ? AND metric = ?"
		if _, err := tx.ExecContext(ctx, update, row.countsSum, sum, r.number, row.metric); err != nil {
			return 0, err
		}
		scoring.scores[row.metric] = sum
	}
	return scoring.sum(r.id), nil
}

// scoreRows reads the scores of a run, and computes the checksums of their counts.
func scoreRows(ctx context.Context, q querier, run int64) (out []scoreRow, err error) {
	rows, err := q.QueryContext(ctx, "SELECT metric, reader, version, tp, n_pred, n_gold, types, passages FROM scores WHERE run = ? ORDER BY metric", run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r scoreRow
		var counts []byte
		if err := rows.Scan(&r.metric, &r.reader, &r.version, &r.total.TP, &r.total.NPred, &r.total.NGold, &r.types, &counts); err != nil {
			return nil, err
		}
		r.countsSum = countsSum(counts)
		out = append(out, r)
	}
	return out, rows.Err()
}
