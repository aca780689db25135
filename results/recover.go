package results

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"nerbench/ner"
)

// Backup writes a copy of the store to a new file. Other processes may write meanwhile;
// the copy has one state of the store. The file appears when it is complete.
func (s *Store) Backup(ctx context.Context, path string) error {
	return publish(ctx, path, false, func(part string) error {
		// A connection of its own: those of the pool may only query.
		db := pool(s.path, 1, []string{shared})
		defer db.Close()
		createPrivate(part)
		_, err := db.ExecContext(ctx, "VACUUM INTO ?", part)
		if err = reason(part, err); !errors.Is(err, ErrFull) {
			err = reason(s.path, err) // SQLite has truncated the part: its size was about that of the store
		}
		return err
	})
}

// Recover takes over what is whole into a new store: all answers, and the runs whose row
// is whole, with their whole passages, facts and scores. A run that lacks a passage is
// partial afterwards, and has no scores: run it again to complete it; only answers that
// are damaged are requested again. The store itself is not changed. The new store appears
// when it is complete.
func (s *Store) Recover(ctx context.Context, path string) (h Health, err error) {
	err = publish(ctx, path, false, func(part string) error {
		target, err := Open(ctx, part, Create)
		if err != nil {
			return err
		}
		r := recovery{ctx: ctx, target: target}
		h, err = s.salvage(ctx, salvaged{answer: r.answer, run: r.run, block: r.passages, end: r.end})
		if err == nil {
			err = reason(part, r.flush())
		}
		return errors.Join(err, target.Close())
	})
	return h, err
}

// recovery writes what was salvaged.
type recovery struct {
	ctx     context.Context
	target  *Store
	pending []pendingAnswer
	whole   int // passages of the run
}

type pendingAnswer struct {
	key        string
	completion ner.Completion
}

func (r *recovery) answer(key []byte, c *ner.Completion) error {
	r.pending = append(r.pending, pendingAnswer{string(key), *c})
	if len(r.pending) < upgradeBatch {
		return nil
	}
	return r.flush()
}

// flush writes the answers that wait.
func (r *recovery) flush() error {
	err := transact(r.ctx, r.target.write, func(tx *sql.Tx) error {
		insert := r.target.record.in(r.ctx, tx).insertCompletion
		var f fields
		for _, a := range r.pending {
			c := &a.completion
			if _, err := insert.ExecContext(r.ctx, []byte(a.key), c.Text, c.Thinking, string(c.Finish),
				c.PromptTokens, c.AnswerTokens, int64(c.Duration), f.answer([]byte(a.key), c)); err != nil {
				return err
			}
		}
		return nil
	})
	r.pending = r.pending[:0]
	return err
}

func (r *recovery) run(run *wholeRun) error {
	r.whole = 0
	keys, err := run.decode()
	if err != nil {
		return err
	}
	return r.target.Begin(r.ctx, ner.Run{Keys: keys}, run.passages)
}

func (r *recovery) passages(run *wholeRun, passages []ner.Passage) error {
	r.whole += len(passages)
	return r.target.Record(r.ctx, run.id, passages, nil)
}

// end adds facts, scores and times.
func (r *recovery) end(run *wholeRun) error {
	if len(run.texts) > 0 {
		err := changeRun(r.ctx, r.target.write, run.id, func(tx *sql.Tx, row *runRow) error {
			row.facts = run.texts.sum(row.id)
			return run.texts.insert(r.ctx, tx, row.number)
		})
		if err != nil {
			return err
		}
	}
	if run.scores != nil && r.whole == run.complete {
		if err := r.target.SaveScores(r.ctx, run.id, *run.scores); err != nil {
			return err
		}
	}
	return transact(r.ctx, r.target.write, func(tx *sql.Tx) error {
		row, err := readRun(r.ctx, tx, run.id)
		if err != nil {
			return err
		}
		row.asking, row.created, row.updated, row.former = false, run.created, run.updated, run.former
		if _, err := tx.ExecContext(r.ctx, "UPDATE runs SET created = ?, former_id = ? WHERE number = ?", row.created, row.former, row.number); err != nil {
			return err
		}
		return row.update(r.ctx, tx)
	})
}

// Summary describes the damage in one line; empty if there is none.
func (h *Health) Summary() string {
	if h.OK() {
		return ""
	}
	var parts []string
	if n := len(h.Structure); n > 0 {
		parts = append(parts, fmt.Sprintf("the file is malformed (%s)", h.Structure[0]))
	}
	if h.Damaged > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d answers are damaged", h.Damaged, h.Damaged+h.Answers))
	}
	if n := len(h.Lost); n > 0 {
		parts = append(parts, fmt.Sprintf("runs are lost (%s)", h.Lost[0]))
	}
	damaged := 0
	for _, r := range h.Runs {
		if len(r.Faults) > 0 {
			damaged++
		}
	}
	if damaged > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d runs are damaged", damaged, len(h.Runs)))
	}
	return strings.Join(parts, "; ")
}
