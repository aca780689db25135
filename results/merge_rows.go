package results

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"nerbench/ner"
)

// answerRow is an answer of a source.
type answerRow struct {
	key ner.AnswerKey
	c   ner.Completion
	sum int64
}

// readAnswers reads the answers of a source in the order of their keys, and verifies them.
func readAnswers(ctx context.Context, s *source) reader[answerRow] {
	return func(yield func(answerRow, int) error) error {
		var f fields
		var last []byte
		return eachAnswer(ctx, s.read, "1 ORDER BY key", func(key []byte, c *ner.Completion, sum int64) error {
			if f.answer(key, c) != sum {
				return fmt.Errorf("%w: answer %x: %w", ErrDamaged, key, errChecksum)
			}
			if len(key) != len(ner.AnswerKey{}) || last != nil && bytes.Compare(last, key) >= 0 {
				return fmt.Errorf("%w: answer %x after answer %x", ErrDamaged, key, last)
			}
			last = key
			s.answers++
			return yield(answerRow{ner.AnswerKey(key), *c, sum}, len(c.Text)+len(c.Thinking)+64)
		})
	}
}

func (a *answerRow) compareKeys(b *answerRow) int { return bytes.Compare(a.key[:], b.key[:]) }

// said orders answers to one prompt by what was answered.
func (a *answerRow) said(b *answerRow) int {
	return cmp.Or(cmp.Compare(a.c.Finish, b.c.Finish), cmp.Compare(a.c.Text, b.c.Text))
}

// compare is a total order of answers to one prompt.
func (a *answerRow) compare(b *answerRow) int {
	return cmp.Or(a.said(b), cmp.Compare(a.c.Thinking, b.c.Thinking), cmp.Compare(a.c.PromptTokens, b.c.PromptTokens),
		cmp.Compare(a.c.AnswerTokens, b.c.AnswerTokens), cmp.Compare(a.c.Duration, b.c.Duration))
}

// mergeAnswers merges the answers by their keys.
func (s sources) mergeAnswers(ctx context.Context, t *target, m *Merged) error {
	err := mergeStreams(ctx, s, readAnswers, (*answerRow).compareKeys, func(same []row[answerRow]) error {
		least := &same[0].row
		differ := false
		for i := range same[1:] {
			other := &same[1+i].row
			differ = differ || least.said(other) != 0
			if other.compare(least) < 0 {
				least = other
			}
		}
		m.Answers++
		if differ {
			m.Differing++
		}
		return t.answer(least)
	})
	if err != nil {
		return err
	}
	return t.flush()
}

// mergeUnused merges the keys of answers that may be unused.
func (s sources) mergeUnused(ctx context.Context, t *target) error {
	for _, from := range s {
		rows, err := from.read.QueryContext(ctx, "SELECT key FROM unused ORDER BY key")
		if err != nil {
			return from.fail(err)
		}
		for err == nil && rows.Next() {
			var key []byte
			if err = from.fail(rows.Scan(&key)); err == nil {
				err = t.exec("INSERT OR IGNORE INTO unused (key) VALUES (?)", key)
			}
		}
		if err = cmp.Or(err, from.fail(rows.Err())); err != nil {
			_ = rows.Close()
			return err
		}
		if err := rows.Close(); err != nil {
			return from.fail(err)
		}
	}
	return nil
}

// storedPassage is a passage of a source, complete or not.
type storedPassage struct {
	place    int
	document string
	complete bool
	keys     []byte
	types    string
	sum      int64
}

// readStored reads the passages of a run in a source, verifies them, and compares their
// numbers with those of the run.
func readStored(run runRow) func(context.Context, *source) reader[storedPassage] {
	return func(ctx context.Context, s *source) reader[storedPassage] {
		return func(yield func(storedPassage, int) error) error {
			const q = `SELECT place, document, complete, keys, checksum, (SELECT types FROM layouts WHERE number = layout)
				FROM passages WHERE run = ? ORDER BY place`
			rows, err := s.read.QueryContext(ctx, q, run.number)
			if err != nil {
				return err
			}
			defer rows.Close()
			var f fields
			read, last := tally{}, storedPassage{place: -1}
			for rows.Next() {
				p := storedPassage{types: last.types}
				var types sql.RawBytes
				if err := rows.Scan(&p.place, &p.document, &p.complete, &p.keys, &p.sum, &types); err != nil {
					return err
				}
				if string(types) != p.types { // else no new string
					p.types = string(types)
				}
				if f.passage(run.id, p.place, p.document, p.complete, p.types, p.keys) != p.sum {
					return fmt.Errorf("%w: run %s: passage %d: %w", ErrDamaged, run.id, p.place, errChecksum)
				}
				if p.place <= last.place || p.place >= run.passages {
					return fmt.Errorf("%w: run %s: passage %d of %d, after passage %d", ErrDamaged, run.id, p.place, run.passages, last.place)
				}
				if p.complete {
					read.add(len(p.keys) / len(ner.AnswerKey{}))
				}
				last = p
				if err := yield(p, len(p.keys)+len(p.document)+128); err != nil {
					return err
				}
			}
			if err := rows.Err(); err != nil {
				return err
			}
			return read.check(run)
		}
	}
}

// compare orders the passages of one place: the first one is kept. An incomplete passage
// with more answers comes before one with fewer.
func (p *storedPassage) compare(o *storedPassage) int {
	return cmp.Or(-cmp.Compare(number(p.complete), number(o.complete)), -cmp.Compare(len(p.keys), len(o.keys)),
		cmp.Compare(p.types, o.types), bytes.Compare(p.keys, o.keys))
}

// mergeRun merges a run with its passages.
func (s sources) mergeRun(ctx context.Context, t *target, r *mergedRun) error {
	if err := t.begin(r); err != nil {
		return err
	}
	var from []*source
	rows := map[*source]runRow{}
	for _, of := range r.from {
		from = append(from, of.source)
		rows[of.source] = of.row
	}
	read := func(ctx context.Context, s *source) reader[storedPassage] { return readStored(rows[s])(ctx, s) }
	byPlace := func(a, b *storedPassage) int { return cmp.Compare(a.place, b.place) }
	err := mergeStreams(ctx, from, read, byPlace, func(same []row[storedPassage]) error {
		for _, other := range same[1:] {
			if first := same[0]; other.row.document != first.row.document {
				return other.source.fail(fmt.Errorf("run %s: passage %d is document %q, but %q in %s",
					r.row.id, other.row.place, other.row.document, first.row.document, first.source.path))
			}
		}
		best := slices.MinFunc(same, func(a, b row[storedPassage]) int { return a.row.compare(&b.row) })
		if best.row.complete {
			r.row.complete++
			r.row.queries += len(best.row.keys) / len(ner.AnswerKey{})
		}
		return t.passage(r, &best.row)
	})
	if err != nil {
		return err
	}
	return t.end(r)
}
