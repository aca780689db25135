package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"nerbench/ner"
)

// State is the progress of a run.
type State string

// The states.
const (
	Asking   State = "asking"   // a process sends its queries
	Stopped  State = "stopped"  // its process was killed, or failed
	Partial  State = "partial"  // ended with incomplete passages
	Complete State = "complete" // every passage is complete
)

// RunInfo describes a run in the store.
type RunInfo struct {
	ID string
	// Asker is the process that sends the queries of a run in the state Asking.
	Asker    *AskedError
	Keys     map[string]string
	State    State
	Passages int // all passages
	Complete int // complete ones
	Queries  int // queries of the complete passages
	Created  time.Time
	Updated  time.Time // time of the last commit of a passage
	Scores   Scores    // time of the last scoring; zero if not scored
	// Facts are the metadata of the run, by the names of [ner.Facts]; nil if there
	// are none.
	Facts map[string]string
}

// Begin registers a run with its number of passages, or continues it: runs with the
// same keys are the same run. Another number of passages is an error. If another process
// sends the queries of the run, the error is an [AskedError]. [Store.End] or [Store.Close]
// let other processes continue the run.
func (s *Store) Begin(ctx context.Context, run ner.Run, passages int) error {
	text, err := keysText(run)
	if err != nil {
		return err
	}
	db, err := s.writable()
	if err != nil {
		return err
	}
	added := false
	err = transact(ctx, db, func(tx *sql.Tx) error {
		r, err := readRun(ctx, tx, run.ID())
		switch {
		case errors.Is(err, ErrNoRun):
			added = true
			now := time.Now().UnixMilli()
			r = runRow{id: run.ID(), keys: text, passages: passages, asking: true, created: now, updated: now}
			if err := r.insert(ctx, tx); err != nil {
				return err
			}
			return s.claim(ctx, tx, &r)
		case err != nil:
			return err
		case r.passages != passages:
			return fmt.Errorf("run %s: has %d passages, but %d were requested", r.id, r.passages, passages)
		}
		if err := s.claim(ctx, tx, &r); err != nil {
			return err
		}
		r.asking = true
		return r.update(ctx, tx)
	})
	if err == nil {
		s.own.setRun(run.ID(), added)
		s.startBeat(run.ID())
	}
	return s.fault(err)
}

// keysText is the text of the keys of a run in the store.
func keysText(run ner.Run) (string, error) {
	if err := run.Check(); err != nil {
		return "", err
	}
	keys := maps.Clone(run.Keys)
	maps.DeleteFunc(keys, func(_, value string) bool { return value == "" })
	text, err := json.Marshal(keys)
	return string(text), err
}

// End records that no process works on a run: it is complete, or partial until it
// is begun again.
func (s *Store) End(ctx context.Context, runID string) error {
	db, err := s.writable()
	if err != nil {
		return err
	}
	s.stopBeat(runID)
	return s.fault(changeRun(ctx, db, runID, func(tx *sql.Tx, r *runRow) error {
		c, err := readClaim(ctx, tx, r.number)
		if err != nil || c != nil && c.token != s.claims.here.token {
			return err // another process has taken it over
		}
		r.asking = false
		return s.release(ctx, tx, r)
	}))
}

// Ended reports whether the process that sent the queries of a run has ended the run. If it
// was killed, it has not, even if the run is complete.
func (s *Store) Ended(ctx context.Context, runID string) (ended bool, err error) {
	return ended, s.fault(snapshot(ctx, s.read, func(tx *sql.Tx) error {
		r, err := readRun(ctx, tx, runID)
		ended = err == nil && !r.asking
		return err
	}))
}

// Done reports for each passage of a run, by its index, whether it is complete.
func (s *Store) Done(ctx context.Context, runID string) ([]bool, error) {
	var done []bool
	err := s.eachComplete(ctx, runID, func(passages int) { done = make([]bool, passages) }, func(p *passageRow) { done[p.place] = true })
	return done, err
}

// Documents returns for each passage of a run, by its index, the id of its document;
// empty for a passage that is not complete.
func (s *Store) Documents(ctx context.Context, runID string) ([]string, error) {
	var documents []string
	err := s.eachComplete(ctx, runID, func(passages int) { documents = make([]string, passages) }, func(p *passageRow) { documents[p.place] = p.document })
	return documents, err
}

// eachComplete reads all complete passages of a run, after the number of its passages.
func (s *Store) eachComplete(ctx context.Context, runID string, begin func(passages int), yield func(*passageRow)) error {
	return s.fault(snapshot(ctx, s.read, func(tx *sql.Tx) error {
		run, err := readRun(ctx, tx, runID)
		if err != nil {
			return err
		}
		begin(run.passages)
		read := tally{}
		err = eachPassage(ctx, tx.StmtContext(ctx, s.readBlock.passages), run, 0, run.passages, func(p *passageRow) error {
			read.add(len(p.keys) / len(ner.AnswerKey{}))
			yield(p)
			return nil
		})
		if err != nil {
			return err
		}
		return read.check(run)
	}))
}

// snapshot runs queries that see one state of the store.
func snapshot(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return f(tx)
}

// Runs returns the runs whose keys have the given values, oldest first. An
// empty value selects the runs without the key; an unknown key is an error.
func (s *Store) Runs(ctx context.Context, filter map[string]string) ([]RunInfo, error) {
	if err := (ner.Run{Keys: filter}).Check(); err != nil {
		return nil, err
	}
	runs, err := s.list(ctx, "")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(runs, func(r RunInfo) bool {
		for name, value := range filter {
			if r.Keys[name] != value {
				return true
			}
		}
		return false
	}), nil
}

// mostNamed is the largest number of runs that an error names.
const mostNamed = 8

// Find returns the run whose id begins with prefix, or else the run whose former id
// does. If there are several, the error names some of them and wraps [ErrAmbiguous]; if
// there is none, it wraps [ErrNoRun].
func (s *Store) Find(ctx context.Context, prefix string) (RunInfo, error) {
	runs, err := s.list(ctx, prefix)
	if current := func(r RunInfo) bool { return strings.HasPrefix(r.ID, prefix) }; slices.ContainsFunc(runs, current) {
		runs = slices.DeleteFunc(runs, func(r RunInfo) bool { return !current(r) })
	}
	switch {
	case err != nil:
		return RunInfo{}, err
	case len(runs) == 0 || prefix == "":
		return RunInfo{}, s.fault(fmt.Errorf("run %q: %w", prefix, ErrNoRun))
	case len(runs) > 1:
		ids := make([]string, min(len(runs), mostNamed))
		for i := range ids {
			ids[i] = runs[i].ID
		}
		named := strings.Join(ids, ", ")
		if more := len(runs) - len(ids); more > 0 {
			named += fmt.Sprintf(" and %d more", more)
		}
		return RunInfo{}, s.fault(fmt.Errorf("run %s: %w: %s", prefix, ErrAmbiguous, named))
	}
	return runs[0], nil
}

// list reads the runs whose id begins with prefix, with their scores.
func (s *Store) list(ctx context.Context, prefix string) (runs []RunInfo, err error) {
	err = snapshot(ctx, s.read, func(tx *sql.Tx) error {
		rows, err := readRuns(ctx, tx, prefix)
		if err != nil {
			return err
		}
		scores, err := readScores(ctx, tx, prefix)
		if err != nil {
			return err
		}
		facts, err := readFacts(ctx, tx, prefix)
		if err != nil {
			return err
		}
		claims, err := s.readClaims(ctx, tx)
		if err != nil {
			return err
		}
		for i := range rows {
			r := &rows[i]
			keys, err := r.decode()
			if err != nil {
				return err
			}
			sc := scores[r.id]
			if sc.sum != r.scoring {
				return fmt.Errorf("%w: scores of run %s: %w", ErrDamaged, r.id, errChecksum)
			}
			if facts[r.id].sum(r.id) != r.facts {
				return fmt.Errorf("%w: facts of run %s: %w", ErrDamaged, r.id, errChecksum)
			}
			info := RunInfo{
				ID: r.id, Keys: keys, State: Partial,
				Passages: r.passages, Complete: r.complete, Queries: r.queries,
				Created: time.UnixMilli(r.created), Updated: time.UnixMilli(r.updated),
				Scores: sc.Scores, Facts: facts[r.id].joined(),
			}
			claim, claimed := claims[r.number]
			switch {
			case r.complete == r.passages:
				info.State = Complete
			case r.asking && claimed:
				info.State = Asking
				info.Asker = claim.asked(r.id)
			case r.asking:
				info.State = Stopped
			}
			runs = append(runs, info)
		}
		return nil
	})
	return runs, s.fault(err)
}

// hasPrefix selects runs by their id or former id. It compares bytes, since LIKE
// ignores case and has wildcards.
const hasPrefix = "(substr(runs.id, 1, length(?1)) = ?1 OR substr(runs.former_id, 1, length(?1)) = ?1)"

// readRuns reads the rows of the runs whose id begins with prefix. If all runs are
// wanted, a lost one is an error.
func readRuns(ctx context.Context, q querier, prefix string) (runs []runRow, err error) {
	rows, err := q.QueryContext(ctx, "SELECT "+runColumns+" FROM runs WHERE "+hasPrefix+" ORDER BY number", prefix)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRun(rows.Scan)
		if err != nil {
			return nil, err
		}
		if n := len(runs); n > 0 && r.number <= runs[n-1].number { // SQLite may return another row twice in place of one
			return nil, fmt.Errorf("%w: run %s was found after run %s", ErrDamaged, r.id, runs[n-1].id)
		}
		runs = append(runs, r)
	}
	if err := rows.Err(); err != nil || prefix != "" {
		return runs, err
	}
	var total int
	if err := q.QueryRowContext(ctx, "SELECT runs FROM totals").Scan(&total); err != nil {
		return nil, err
	}
	if total != len(runs) {
		return nil, fmt.Errorf("%w: %d of %d runs were found", ErrDamaged, len(runs), total)
	}
	return runs, nil
}
