package results

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// insertRows is the number of answers that one statement inserts.
const insertRows = 32

// layoutsKept limits the layouts whose numbers a target remembers.
const layoutsKept = 1024

// target is the file of a new store while it is filled, in one transaction without a
// journal: after an error, the file is removed. A nil target takes everything, and writes
// nothing.
type target struct {
	ctx     context.Context
	path    string
	db      *sql.DB
	tx      *sql.Tx
	some    *sql.Stmt // inserts insertRows answers
	one     *sql.Stmt
	insert  *sql.Stmt // inserts a passage
	waiting []any     // the values of answers that wait
	layouts map[string]int64
}

const mergedColumns = "(key, text, thinking, finish, prompt_tokens, answer_tokens, duration, checksum)"

// newTarget creates an empty store.
func newTarget(ctx context.Context, path string) (*target, error) {
	empty, err := Open(ctx, path, Create)
	if err != nil {
		return nil, err
	}
	if err := empty.Close(); err != nil {
		return nil, err
	}
	t := &target{ctx: ctx, path: path, layouts: map[string]int64{}}
	t.db = pool(path, 1, append([]string{shared}, pragmas("journal_mode(off)", "synchronous(off)", "locking_mode(exclusive)", fmt.Sprintf("cache_size(-%d)", writeCache))...))
	if t.tx, err = t.db.BeginTx(ctx, nil); err != nil {
		_ = t.db.Close()
		return nil, err
	}
	const values = "(?, ?, ?, ?, ?, ?, ?, ?)"
	insert := "INSERT INTO completions " + mergedColumns + " VALUES " + values
	for query, into := range map[string]**sql.Stmt{
		insert: &t.one,
		insert + strings.Repeat(", "+values, insertRows-1):                                                           &t.some,
		"INSERT INTO passages (run, place, document, layout, complete, keys, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)": &t.insert,
	} {
		if *into, err = t.tx.PrepareContext(ctx, query); err != nil {
			return nil, errors.Join(err, t.close(false))
		}
	}
	return t, nil
}

// close ends the transaction, and closes the file.
func (t *target) close(commit bool) error {
	end := t.tx.Rollback
	if commit {
		end = t.tx.Commit
	}
	err := reason(t.path, errors.Join(end(), t.db.Close()))
	if !commit {
		return nil // the file is removed
	}
	return err
}

func (t *target) exec(query string, args ...any) error {
	if t == nil {
		return nil
	}
	_, err := t.tx.ExecContext(t.ctx, query, args...)
	return reason(t.path, err)
}

// answer inserts an answer that has the largest key so far.
func (t *target) answer(a *answerRow) error {
	if t == nil {
		return nil
	}
	key := a.key
	t.waiting = append(t.waiting, key[:], a.c.Text, a.c.Thinking, string(a.c.Finish), a.c.PromptTokens, a.c.AnswerTokens, int64(a.c.Duration), a.sum)
	if len(t.waiting) < insertRows*8 {
		return nil
	}
	_, err := t.some.ExecContext(t.ctx, t.waiting...)
	t.waiting = t.waiting[:0]
	return reason(t.path, err)
}

// flush inserts the answers that wait.
func (t *target) flush() error {
	if t == nil {
		return nil
	}
	for ; len(t.waiting) > 0; t.waiting = t.waiting[8:] {
		if _, err := t.one.ExecContext(t.ctx, t.waiting[:8]...); err != nil {
			return reason(t.path, err)
		}
	}
	return nil
}

// begin inserts a run with its metadata.
func (t *target) begin(r *mergedRun) error {
	r.row.facts = r.facts.sum(r.row.id)
	if t == nil {
		return nil
	}
	if err := r.row.insert(t.ctx, t.tx); err != nil {
		return reason(t.path, err)
	}
	return reason(t.path, r.facts.insert(t.ctx, t.tx, r.row.number))
}

// passage inserts a passage of a run.
func (t *target) passage(r *mergedRun, p *storedPassage) error {
	if t == nil {
		return nil
	}
	layout, err := t.layout(p.types)
	if err == nil {
		_, err = t.insert.ExecContext(t.ctx, r.row.number, p.place, p.document, layout, p.complete, p.keys, p.sum)
	}
	return reason(t.path, err)
}

// layout returns the number of a layout.
func (t *target) layout(types string) (n int64, err error) {
	if n, known := t.layouts[types]; known {
		return n, nil
	}
	if _, err := t.tx.ExecContext(t.ctx, insertLayout, types); err != nil {
		return 0, err
	}
	if err := t.tx.QueryRowContext(t.ctx, selectLayout, types).Scan(&n); err != nil {
		return 0, err
	}
	if len(t.layouts) >= layoutsKept {
		clear(t.layouts)
	}
	t.layouts[types] = n
	return n, nil
}

// end writes the numbers of complete passages and of their queries.
func (t *target) end(r *mergedRun) error {
	if t == nil {
		return nil
	}
	return reason(t.path, r.row.update(t.ctx, t.tx))
}
