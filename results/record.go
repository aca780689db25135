package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"nerbench/ner"
)

const (
	insertCompletion = `INSERT INTO completions (key, text, thinking, finish, prompt_tokens, answer_tokens, duration)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	// A complete passage is never overwritten.
	insertPassage = `INSERT INTO passages (run, place, document, layout, complete, keys) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET document = excluded.document, layout = excluded.layout,
			complete = excluded.complete, keys = excluded.keys
		WHERE NOT passages.complete`
	updateRun    = `UPDATE runs SET complete = complete + ?, queries = queries + ?, updated = ? WHERE number = ?`
	selectRun    = "SELECT number, passages FROM runs WHERE id = ?"
	insertLayout = "INSERT INTO layouts (types) VALUES (?) ON CONFLICT DO NOTHING"
	selectLayout = "SELECT number FROM layouts WHERE types = ?"
	anyUnused    = "SELECT EXISTS (SELECT 1 FROM unused)"
	takeOut      = "DELETE FROM unused WHERE key = ?"
)

// recordStatements are prepared once: a fast run has hundreds of transactions a
// second, and parsing SQL would take much of their time.
type recordStatements struct {
	selectRun, insertCompletion, insertPassage, updateRun, insertLayout, selectLayout, anyUnused, takeOut *sql.Stmt
}

func prepareRecord(ctx context.Context, db *sql.DB) (r recordStatements, err error) {
	for query, into := range map[string]**sql.Stmt{
		selectRun: &r.selectRun, insertCompletion: &r.insertCompletion, insertPassage: &r.insertPassage,
		updateRun: &r.updateRun, insertLayout: &r.insertLayout, selectLayout: &r.selectLayout,
		anyUnused: &r.anyUnused, takeOut: &r.takeOut,
	} {
		if *into, err = db.PrepareContext(ctx, query); err != nil {
			return r, err
		}
	}
	return r, nil
}

// in returns them as statements of a transaction.
func (r recordStatements) in(ctx context.Context, tx *sql.Tx) recordStatements {
	return recordStatements{
		selectRun: tx.StmtContext(ctx, r.selectRun), insertCompletion: tx.StmtContext(ctx, r.insertCompletion),
		insertPassage: tx.StmtContext(ctx, r.insertPassage), updateRun: tx.StmtContext(ctx, r.updateRun),
		insertLayout: tx.StmtContext(ctx, r.insertLayout), selectLayout: tx.StmtContext(ctx, r.selectLayout),
		anyUnused: tx.StmtContext(ctx, r.anyUnused), takeOut: tx.StmtContext(ctx, r.takeOut),
	}
}

// Record stores passages of a run in one transaction: all of them, or none. If
// there are two answers to one query, the first is kept. An incomplete passage
// lacks answers: its answers are stored, but the passage is not complete. Recording
// a complete passage again changes nothing.
func (s *Store) Record(ctx context.Context, runID string, complete, incomplete []ner.Passage) error {
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(transact(ctx, db, func(tx *sql.Tx) error {
		r := recording{ctx: ctx, recordStatements: s.record.in(ctx, tx), layouts: make(map[string]int64)}
		if err := r.begin(runID); err != nil {
			return err
		}
		for i := range complete {
			if err := r.passage(&complete[i], true); err != nil {
				return err
			}
		}
		for i := range incomplete {
			if err := r.passage(&incomplete[i], false); err != nil {
				return err
			}
		}
		_, err := r.updateRun.ExecContext(ctx, r.complete, r.queries, time.Now().UnixMilli(), r.run)
		return err
	}))
}

// transact runs f in a transaction that takes the write lock at once.
func transact(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after the commit
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// recording is one transaction of Record.
type recording struct {
	ctx context.Context
	recordStatements

	run      int64
	passages int              // all passages of the run
	layouts  map[string]int64 // numbers of the layouts seen in this transaction
	removing bool             // answers are scheduled for removal: those recorded here must stay

	complete, queries int // newly complete
}

func (r *recording) begin(runID string) error {
	err := r.selectRun.QueryRowContext(r.ctx, runID).Scan(&r.run, &r.passages)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("run %s: %w", runID, ErrNoRun)
	} else if err != nil {
		return err
	}
	return r.anyUnused.QueryRowContext(r.ctx).Scan(&r.removing)
}

func (r *recording) passage(p *ner.Passage, complete bool) error {
	if p.Index < 0 || p.Index >= r.passages {
		return fmt.Errorf("passage %d: outside the run of %d passages", p.Index, r.passages)
	}
	layout, err := r.layout(p)
	if err != nil {
		return err
	}
	keys := make([]byte, 0, len(p.Answers)*len(ner.AnswerKey{}))
	for i := range p.Answers {
		a := &p.Answers[i]
		c := &a.Completion
		keys = append(keys, a.Key[:]...)
		if _, err := r.insertCompletion.ExecContext(r.ctx, a.Key[:], valid(c.Text), valid(c.Thinking), string(c.Finish),
			c.PromptTokens, c.AnswerTokens, int64(c.Duration)); err != nil {
			return err
		}
		if !r.removing {
			continue
		}
		if _, err := r.takeOut.ExecContext(r.ctx, a.Key[:]); err != nil {
			return err
		}
	}
	done, err := r.insertPassage.ExecContext(r.ctx, r.run, p.Index, p.Document, layout, complete, keys)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil {
		return err
	} else if complete && n > 0 {
		r.complete++
		r.queries += len(p.Answers)
	}
	return nil
}

// layout returns the number of the list of types of a passage's answers.
func (r *recording) layout(p *ner.Passage) (int64, error) {
	text, err := json.Marshal(layoutOf(p))
	if err != nil {
		return 0, err
	}
	types := string(text)
	if n, ok := r.layouts[types]; ok {
		return n, nil
	}
	if _, err := r.insertLayout.ExecContext(r.ctx, types); err != nil {
		return 0, err
	}
	var n int64
	if err := r.selectLayout.QueryRowContext(r.ctx, types).Scan(&n); err != nil {
		return 0, err
	}
	r.layouts[types] = n
	return n, nil
}

func layoutOf(p *ner.Passage) [][]ner.EntityType {
	types := make([][]ner.EntityType, len(p.Answers))
	for i := range p.Answers {
		types[i] = p.Answers[i].Types
	}
	return types
}
