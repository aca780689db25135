package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"nerbench/ner"
)

const (
	insertCompletion = `INSERT INTO completions (key, text, thinking, finish, prompt_tokens, answer_tokens, duration, checksum)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	// A complete passage is never overwritten.
	insertPassage = `INSERT INTO passages (run, place, document, layout, complete, keys, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET document = excluded.document, layout = excluded.layout,
			complete = excluded.complete, keys = excluded.keys, checksum = excluded.checksum
		WHERE NOT passages.complete`
	insertLayout = "INSERT INTO layouts (types) VALUES (?) ON CONFLICT DO NOTHING"
	selectLayout = "SELECT number FROM layouts WHERE types = ?"
	// The second column changes whenever an answer is scheduled for removal.
	selectUnused = `SELECT EXISTS (SELECT 1 FROM unused),
		coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'unused'), 0)`
	takeOut = "DELETE FROM unused WHERE key = ?"
)

// recordStatements are prepared once: a fast run has hundreds of transactions a
// second, and parsing SQL would take much of their time.
type recordStatements struct {
	selectRun, insertCompletion, insertPassage, updateRun, insertLayout, selectLayout, selectUnused, takeOut *sql.Stmt
}

func prepareRecord(ctx context.Context, db *sql.DB) (r recordStatements, err error) {
	for query, into := range map[string]**sql.Stmt{
		selectRun: &r.selectRun, insertCompletion: &r.insertCompletion, insertPassage: &r.insertPassage,
		updateRun: &r.updateRun, insertLayout: &r.insertLayout, selectLayout: &r.selectLayout,
		selectUnused: &r.selectUnused, takeOut: &r.takeOut,
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
		selectUnused: tx.StmtContext(ctx, r.selectUnused), takeOut: tx.StmtContext(ctx, r.takeOut),
	}
}

// Record stores passages of a run in one transaction: all of them, or none. If
// there are two answers to one query, the first is kept. An incomplete passage
// lacks answers: its answers are stored, but the passage is not complete. Recording
// a complete passage again changes nothing.
func (s *Store) Record(ctx context.Context, runID string, complete, incomplete []ner.Passage) error {
	return s.recordAll(ctx, runID, complete, incomplete, nil, &early{})
}

// early are the answers of a run that are stored, and whose passages are not recorded
// yet. They are not stored again with their passages.
type early struct {
	keys map[ner.AnswerKey]struct{}
	// removals numbers the removals of answers that were scheduled before they were
	// stored. After further ones, an answer may be missing: no passage refers to it.
	removals int64
}

// recordAll also stores answers of passages that are not recorded yet. After an error,
// before must not be used again.
func (s *Store) recordAll(ctx context.Context, runID string, complete, incomplete []ner.Passage, kept []ner.Answer, before *early) error {
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(transact(ctx, db, func(tx *sql.Tx) error {
		return s.recordIn(ctx, tx, runID, complete, incomplete, kept, before)
	}))
}

// recordIn is recordAll in a transaction.
func (s *Store) recordIn(ctx context.Context, tx *sql.Tx, runID string, complete, incomplete []ner.Passage, kept []ner.Answer, before *early) error {
	r := recording{ctx: ctx, store: s, tx: tx, recordStatements: s.record.in(ctx, tx), layouts: make(map[string]int64), early: before}
	if err := r.begin(runID); err != nil {
		return err
	}
	for i := range kept {
		if err := r.keep(&kept[i]); err != nil {
			return err
		}
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
	r.run.updated = time.Now().UnixMilli()
	_, err := r.updateRun.ExecContext(ctx, r.run.updates()...)
	return err
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
	ctx   context.Context
	store *Store
	tx    *sql.Tx
	recordStatements

	run      runRow
	layouts  map[string]int64 // numbers of the layouts seen in this transaction, by their types
	removing bool             // answers are scheduled for removal: those recorded here must stay
	early    *early
	fields   fields // of the row that is written
}

func (r *recording) begin(runID string) (err error) {
	if r.run, err = oneRun(r.selectRun.QueryRowContext(r.ctx, runID), runID); err != nil {
		return err
	}
	if err := r.store.checkClaim(r.ctx, r.tx, &r.run); err != nil {
		return err
	}
	var removals int64
	if err := r.selectUnused.QueryRowContext(r.ctx).Scan(&r.removing, &removals); err != nil {
		return err
	}
	if r.early.removals != removals {
		r.early.keys, r.early.removals = nil, removals
	}
	return nil
}

// keep stores an answer before its passage.
func (r *recording) keep(a *ner.Answer) error {
	if err := r.answer(a); err != nil {
		return err
	}
	if r.early.keys == nil {
		r.early.keys = map[ner.AnswerKey]struct{}{}
	}
	r.early.keys[a.Key] = struct{}{}
	return nil
}

func (r *recording) passage(p *ner.Passage, complete bool) error {
	if p.Index < 0 || p.Index >= r.run.passages {
		return fmt.Errorf("passage %d: outside the run of %d passages", p.Index, r.run.passages)
	}
	types, layout, err := r.layout(p)
	if err != nil {
		return err
	}
	keys := make([]byte, 0, len(p.Answers)*len(ner.AnswerKey{}))
	for i := range p.Answers {
		key := p.Answers[i].Key
		keys = append(keys, key[:]...)
		if _, stored := r.early.keys[key]; stored {
			delete(r.early.keys, key)
		} else if err := r.answer(&p.Answers[i]); err != nil {
			return err
		}
	}
	done, err := r.insertPassage.ExecContext(r.ctx, r.run.number, p.Index, p.Document, layout, complete, keys,
		r.fields.passage(r.run.id, p.Index, p.Document, complete, types, keys))
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil {
		return err
	} else if complete && n > 0 {
		r.run.complete++
		r.run.queries += len(p.Answers)
	}
	return nil
}

func (r *recording) answer(a *ner.Answer) error {
	c := a.Completion
	c.Text, c.Thinking = valid(c.Text), valid(c.Thinking)
	if _, err := r.insertCompletion.ExecContext(r.ctx, a.Key[:], c.Text, c.Thinking, string(c.Finish),
		c.PromptTokens, c.AnswerTokens, int64(c.Duration), r.fields.answer(a.Key[:], &c)); err != nil {
		return err
	}
	r.store.own.answers.add(a.Key)
	if !r.removing {
		return nil
	}
	_, err := r.takeOut.ExecContext(r.ctx, a.Key[:])
	return err
}

// layout returns the list of types of a passage's answers, and its number.
func (r *recording) layout(p *ner.Passage) (types string, n int64, err error) {
	text, err := json.Marshal(layoutOf(p))
	if err != nil {
		return "", 0, err
	}
	types = string(text)
	if n, ok := r.layouts[types]; ok {
		return types, n, nil
	}
	if _, err := r.insertLayout.ExecContext(r.ctx, types); err != nil {
		return "", 0, err
	}
	if err := r.selectLayout.QueryRowContext(r.ctx, types).Scan(&n); err != nil {
		return "", 0, err
	}
	r.layouts[types] = n
	return types, n, nil
}

func layoutOf(p *ner.Passage) [][]ner.EntityType {
	types := make([][]ner.EntityType, len(p.Answers))
	for i := range p.Answers {
		types[i] = p.Answers[i].Types
	}
	return types
}
