package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"nerbench/ner"
)

// Passages are read in blocks, one query per block. The next blocks are read in
// advance, on their own connections.
const (
	blockSize = 128
	readAhead = 2
)

// Passages returns the complete passages of a run with their answers, in the order
// of their index. It keeps only a few blocks in memory, so a run may have any size.
// It ends after the first error. A passage that becomes complete during the
// iteration may be missing, even if a later one is returned.
func (s *Store) Passages(ctx context.Context, runID string) iter.Seq2[ner.Passage, error] {
	return func(yield func(ner.Passage, error) bool) {
		run, passages, err := s.run(ctx, runID)
		if err != nil {
			yield(ner.Passage{}, err)
			return
		}
		for b := range s.blocks(ctx, run, passages) {
			for _, p := range b.passages {
				if !yield(p, nil) {
					return
				}
			}
			if b.err != nil {
				yield(ner.Passage{}, s.fault(b.err))
				return
			}
		}
	}
}

// run returns the row number of a run, and its number of passages.
func (s *Store) run(ctx context.Context, id string) (number int64, passages int, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT number, passages FROM runs WHERE id = ?", id).Scan(&number, &passages)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("run %s: %w", id, ErrNoRun)
	}
	return number, passages, s.fault(err)
}

type block struct {
	passages []ner.Passage
	err      error
}

// blocks reads the blocks of a run, and yields them in order.
func (s *Store) blocks(ctx context.Context, run int64, passages int) iter.Seq[block] {
	return func(yield func(block) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var reading []chan block
		next := 0
		start := func() {
			if next >= passages {
				return
			}
			c, first := make(chan block, 1), next
			go func() {
				p, err := s.block(ctx, run, first)
				c <- block{p, err}
			}()
			reading = append(reading, c)
			next += blockSize
		}
		defer func() { // wait for the readers, even if the caller stops early
			cancel()
			for _, c := range reading {
				<-c
			}
		}()
		for range readAhead {
			start()
		}
		for len(reading) > 0 {
			b := <-reading[0]
			reading = reading[1:]
			start()
			if !yield(b) {
				return
			}
		}
	}
}

// The types are null if the layout equals that of the previous passage.
const selectPassages = `SELECT place, document, keys, layout,
		iif(layout IS lag(layout) OVER (ORDER BY place), NULL, (SELECT types FROM layouts WHERE number = layout))
	FROM passages WHERE run = ? AND place >= ? AND place < ? AND complete ORDER BY place`

// The outer join returns a null row for a missing answer, so that it is detected.
// The order is that of the loops: passages, then the keys of each.
const selectAnswers = `WITH RECURSIVE
	block AS NOT MATERIALIZED (
		SELECT place, keys FROM passages WHERE run = ?1 AND place >= ?2 AND place < ?3 AND complete),
	n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE (i + 1) * 16 < (SELECT max(length(keys)) FROM block))
	SELECT text, thinking, finish, prompt_tokens, answer_tokens, duration
	FROM block CROSS JOIN n LEFT JOIN completions ON key = substr(keys, i * 16 + 1, 16)
	WHERE i * 16 < length(keys) ORDER BY place, i`

// block reads the passages of a run from place first on.
func (s *Store) block(ctx context.Context, run int64, first int) ([]ner.Passage, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // read-only: both queries see the same state of the store
	passages, err := readPassages(ctx, tx, run, first)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, selectAnswers, run, first, first+blockSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var row completionRow
	columns := row.columns()
	for _, p := range passages {
		for i := range p.Answers {
			if !rows.Next() {
				return nil, errors.Join(rows.Err(), missing(p, i))
			}
			if err := rows.Scan(columns...); err != nil {
				return nil, err
			}
			if p.Answers[i].Completion, err = row.completion(); err != nil {
				return nil, missing(p, i)
			}
		}
	}
	return passages, rows.Err()
}

func missing(p ner.Passage, i int) error {
	return fmt.Errorf("%w: passage %d: answer %d is missing", ErrDamaged, p.Index, i)
}

// readPassages reads the passages of a block without their completions.
func readPassages(ctx context.Context, tx *sql.Tx, run int64, first int) ([]ner.Passage, error) {
	rows, err := tx.QueryContext(ctx, selectPassages, run, first, first+blockSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var passages []ner.Passage
	var layout [][]ner.EntityType
	for rows.Next() {
		var p ner.Passage
		var keys, types []byte
		var number int64
		if err := rows.Scan(&p.Index, &p.Document, &keys, &number, &types); err != nil {
			return nil, err
		}
		if types != nil {
			layout = nil
			if err := json.Unmarshal(types, &layout); err != nil {
				return nil, fmt.Errorf("%w: layout %d: %w", ErrDamaged, number, err)
			}
		}
		if p.Answers, err = answers(keys, layout); err != nil {
			return nil, fmt.Errorf("%w: passage %d: %w", ErrDamaged, p.Index, err)
		}
		passages = append(passages, p)
	}
	return passages, rows.Err()
}

// answers combines keys, 16 bytes each, with the types of the queries.
func answers(keys []byte, layout [][]ner.EntityType) ([]ner.Answer, error) {
	const size = len(ner.AnswerKey{})
	if len(keys) != size*len(layout) {
		return nil, fmt.Errorf("%d bytes of keys for %d queries", len(keys), len(layout))
	}
	answers := make([]ner.Answer, len(layout))
	for i := range answers {
		answers[i].Types = layout[i]
		answers[i].Key = ner.AnswerKey(keys[i*size:])
	}
	return answers, nil
}
