package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"nerbench/internal/parallel"
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
		run, err := s.run(ctx, runID)
		if err != nil {
			yield(ner.Passage{}, err)
			return
		}
		read := tally{}
		for b := range s.blocks(ctx, run) {
			for _, p := range b.passages {
				read.add(len(p.Answers))
				if !yield(p, nil) {
					return
				}
			}
			if b.err != nil {
				yield(ner.Passage{}, s.fault(b.err))
				return
			}
		}
		if err := s.checkTally(ctx, run, read); err != nil {
			yield(ner.Passage{}, err)
		}
	}
}

// run reads a run.
func (s *Store) run(ctx context.Context, id string) (runRow, error) {
	r, err := readRun(ctx, s.read, id)
	return r, s.fault(err)
}

// tally counts the complete passages that were read, and their queries.
type tally struct{ complete, queries int }

func (t *tally) add(queries int) { t.complete, t.queries = t.complete+1, t.queries+queries }

// check compares a tally with the counts of the run.
func (t tally) check(r runRow) error {
	if want := (tally{r.complete, r.queries}); t != want {
		return fmt.Errorf("%w: run %s: %d complete passages with %d queries were found, expected %d with %d",
			ErrDamaged, r.id, t.complete, t.queries, want.complete, want.queries)
	}
	return nil
}

// checkTally compares a tally with the counts of the run. If the run has changed since it
// was read, another process records or removes passages, and the counts must be between
// those before and after.
func (s *Store) checkTally(ctx context.Context, before runRow, read tally) error {
	if read.check(before) == nil {
		return nil
	}
	after, err := s.run(ctx, before.id)
	if err != nil {
		return err
	}
	if after.complete == before.complete && after.queries == before.queries {
		return s.fault(read.check(after))
	}
	if read.complete < min(before.complete, after.complete) || read.complete > max(before.complete, after.complete) {
		return s.fault(read.check(after))
	}
	return nil
}

type block struct {
	passages []ner.Passage
	err      error
}

// reading is a block that is being read.
type reading struct {
	passages []ner.Passage
	done     <-chan error
}

// blocks reads the blocks of a run, and yields them in order.
func (s *Store) blocks(ctx context.Context, run runRow) iter.Seq[block] {
	return func(yield func(block) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var ahead []*reading
		next := 0
		start := func() {
			if next >= run.passages {
				return
			}
			r, first := &reading{}, next
			r.done = parallel.Go(func() (err error) {
				r.passages, err = s.block(ctx, run, first, first+blockSize)
				return err
			})
			ahead = append(ahead, r)
			next += blockSize
		}
		defer func() { // wait for the readers, even if the caller stops early
			cancel()
			for _, r := range ahead {
				<-r.done
			}
		}()
		for range readAhead {
			start()
		}
		for len(ahead) > 0 {
			r := ahead[0]
			ahead = ahead[1:]
			err := <-r.done
			start()
			if !yield(block{r.passages, err}) {
				return
			}
		}
	}
}

// The types are null if the layout equals that of the previous passage.
const selectPassages = `SELECT place, document, keys, checksum, layout,
		iif(layout IS lag(layout) OVER (ORDER BY place), NULL, (SELECT types FROM layouts WHERE number = layout))
	FROM passages WHERE run = ? AND place >= ? AND place < ? AND complete ORDER BY place`

// The outer join returns a null row for a missing answer, so that it is detected.
// The order is that of the loops: passages, then the keys of each.
const selectAnswers = `WITH RECURSIVE
	block AS NOT MATERIALIZED (
		SELECT place, keys FROM passages WHERE run = ?1 AND place >= ?2 AND place < ?3 AND complete),
	n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE (i + 1) * 16 < (SELECT max(length(keys)) FROM block))
	SELECT ` + answerColumns + `
	FROM block CROSS JOIN n LEFT JOIN completions ON key = substr(keys, i * 16 + 1, 16)
	WHERE i * 16 < length(keys) ORDER BY place, i`

// blockStatements are prepared once: parsing SQL would be a sixth of the time to read a
// block.
type blockStatements struct{ passages, answers *sql.Stmt }

func prepareBlock(ctx context.Context, db *sql.DB) (b blockStatements, err error) {
	if b.passages, err = db.PrepareContext(ctx, selectPassages); err == nil {
		b.answers, err = db.PrepareContext(ctx, selectAnswers)
	}
	return b, err
}

// block reads the passages of a run from place first to before place end.
func (s *Store) block(ctx context.Context, run runRow, first, end int) ([]ner.Passage, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // read-only: both queries see the same state of the store
	passages, err := readPassages(ctx, tx.StmtContext(ctx, s.readBlock.passages), run, first, end)
	if err != nil {
		return nil, err
	}
	rows, err := tx.StmtContext(ctx, s.readBlock.answers).QueryContext(ctx, run.number, first, end)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var row completionRow
	var f fields
	columns := row.columns()
	for _, p := range passages {
		for i := range p.Answers {
			if !rows.Next() {
				return nil, errors.Join(rows.Err(), damagedAnswer(p, i, errors.New("is missing")))
			}
			if err := rows.Scan(columns...); err != nil {
				return nil, err
			}
			if p.Answers[i].Completion, err = row.completion(p.Answers[i].Key[:], &f); err != nil {
				return nil, damagedAnswer(p, i, err)
			}
		}
	}
	return passages, rows.Err()
}

func damagedAnswer(p ner.Passage, i int, why error) error {
	return fmt.Errorf("%w: passage %d: answer %d: %w", ErrDamaged, p.Index, i, why)
}

// readPassages reads the passages of a block without their completions.
func readPassages(ctx context.Context, stmt *sql.Stmt, run runRow, first, end int) ([]ner.Passage, error) {
	var passages []ner.Passage
	var layout [][]ner.EntityType
	err := eachPassage(ctx, stmt, run, first, end, func(p *passageRow) error {
		if p.newTypes {
			layout = nil
			if err := json.Unmarshal([]byte(p.types), &layout); err != nil {
				return fmt.Errorf("%w: types: %w", ErrDamaged, err)
			}
		}
		given, err := answers(p.keys, layout)
		if err != nil {
			return fmt.Errorf("%w: passage %d: %w", ErrDamaged, p.place, err)
		}
		passages = append(passages, ner.Passage{Index: p.place, Document: p.document, Answers: given})
		return nil
	})
	return passages, err
}

// passageRow is a complete passage without its completions.
type passageRow struct {
	place    int
	document string
	keys     []byte // only valid until the next row is read
	types    string
	newTypes bool // the types differ from those of the previous row
}

// eachPassage reads the complete passages of a run from place first to before place end,
// and verifies their checksums. stmt is [selectPassages].
func eachPassage(ctx context.Context, stmt *sql.Stmt, run runRow, first, end int, yield func(*passageRow) error) error {
	rows, err := stmt.QueryContext(ctx, run.number, first, end)
	if err != nil {
		return err
	}
	defer rows.Close()
	p := passageRow{place: -1}
	var f fields
	for rows.Next() {
		last := p.place
		var keys, types sql.RawBytes
		var layout, sum int64
		if err := rows.Scan(&p.place, &p.document, &keys, &sum, &layout, &types); err != nil {
			return err
		}
		if p.newTypes = types != nil; p.newTypes {
			p.types = string(types)
		}
		p.keys = keys
		if f.passage(run.id, p.place, p.document, true, p.types, p.keys) != sum {
			return fmt.Errorf("%w: run %s: passage %d: %w", ErrDamaged, run.id, p.place, errChecksum)
		}
		if p.place <= last || p.place >= run.passages { // SQLite may return another row twice in place of one
			return fmt.Errorf("%w: run %s: passage %d of %d, after passage %d", ErrDamaged, run.id, p.place, run.passages, last)
		}
		if err := yield(&p); err != nil {
			return err
		}
	}
	return rows.Err()
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
