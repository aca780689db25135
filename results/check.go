package results

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"nerbench/ner"
)

// Health is what [Store.Check] found.
type Health struct {
	// Structure are faults of the database file, as PRAGMA integrity_check reports them.
	Structure []string
	// Answers is the number of answers that are whole, Damaged that of the others that
	// were found.
	Answers, Damaged int
	// Runs are the runs whose row is whole, oldest first.
	Runs []RunHealth
	// Lost describes the runs whose row is damaged or missing.
	Lost []string
}

// RunHealth describes one run.
type RunHealth struct {
	ID string
	// Complete is the recorded number of complete passages. Whole is the number of those
	// that can be read with all their answers.
	Complete, Whole int
	// Faults are the reasons why the run is damaged; none if it is whole.
	Faults []string
}

// OK reports whether nothing is damaged.
func (h *Health) OK() bool {
	return len(h.Structure) == 0 && h.Damaged == 0 && len(h.Lost) == 0 &&
		!slices.ContainsFunc(h.Runs, func(r RunHealth) bool { return len(r.Faults) > 0 })
}

// maxFaults limits the faults that are listed of one thing.
const maxFaults = 10

// Check reads the whole store, and verifies the structure of the file, all checksums, the
// ids of the runs, and their counts. Damage is no error. Other processes may write.
func (s *Store) Check(ctx context.Context) (Health, error) {
	return s.salvage(ctx, salvaged{
		answer: func([]byte, *ner.Completion) error { return nil },
		run:    func(*wholeRun) error { return nil },
		block:  func(*wholeRun, []ner.Passage) error { return nil },
		end:    func(*wholeRun) error { return nil },
	})
}

// wholeRun is a run whose row is whole.
type wholeRun struct {
	runRow
	texts  facts   // nil if they are damaged
	scores *Scores // with the counts by passage; nil without scores, or if they are damaged
}

// salvaged receives what is whole. A run comes before its passages, and ends after them.
type salvaged struct {
	answer func(key []byte, c *ner.Completion) error
	run    func(*wholeRun) error
	block  func(*wholeRun, []ner.Passage) error
	end    func(*wholeRun) error
}

// salvage reads all that is whole. The error is that of a receiver, or of the context.
func (s *Store) salvage(ctx context.Context, to salvaged) (h Health, err error) {
	h.Structure = s.structure(ctx)
	if err := s.salvageAnswers(ctx, &h, to.answer); err != nil {
		return h, err
	}
	for _, r := range s.salvageRuns(ctx, &h) {
		run := &wholeRun{runRow: r}
		health := RunHealth{ID: r.id, Complete: r.complete}
		health.Faults = s.attachments(ctx, run)
		if err := to.run(run); err != nil {
			return h, err
		}
		if err := s.salvagePassages(ctx, run, &health, to.block); err != nil {
			return h, err
		}
		if err := to.end(run); err != nil {
			return h, err
		}
		if len(health.Faults) > 0 && s.removed(ctx, r) {
			continue
		}
		h.Runs = append(h.Runs, health)
	}
	return h, ctx.Err()
}

// removed reports whether another process has removed a run since it was read. It looks
// for the number, since a damaged index of the ids may not find the run.
func (s *Store) removed(ctx context.Context, r runRow) bool {
	var id string
	err := s.read.QueryRowContext(ctx, "SELECT id FROM runs WHERE number = ?", r.number).Scan(&id)
	return errors.Is(err, sql.ErrNoRows) || err == nil && id != r.id
}

// structure returns the faults of the file.
func (s *Store) structure(ctx context.Context) (faults []string) {
	rows, err := s.read.QueryContext(ctx, fmt.Sprintf("PRAGMA integrity_check(%d)", maxFaults))
	if err != nil {
		return []string{reason(s.path, err).Error()}
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err == nil && line != "ok" {
			faults = append(faults, line)
		}
	}
	if err := rows.Err(); err != nil {
		faults = append(faults, reason(s.path, err).Error())
	}
	if _, err := origin(ctx, s.read); errors.Is(err, errNameless) {
		faults = append(faults, errNameless.Error())
	} else if err != nil && ctx.Err() == nil {
		faults = append(faults, reason(s.path, err).Error())
	}
	return faults
}

// errStop ends an iteration.
var errStop = errors.New("stop")

// salvageAnswers reads the answers from the first on, and, if a page of the file cannot
// be read, from the last on until those that were read.
func (s *Store) salvageAnswers(ctx context.Context, h *Health, yield func([]byte, *ner.Completion) error) error {
	var f fields
	var last []byte
	var failed error
	read := func(key []byte, c *ner.Completion, sum int64) error {
		if f.answer(key, c) != sum {
			h.Damaged++
			return nil
		}
		h.Answers++
		failed = yield(key, c)
		return failed
	}
	err := eachAnswer(ctx, s.read, "1 ORDER BY key", func(key []byte, c *ner.Completion, sum int64) error {
		last = key
		return read(key, c, sum)
	})
	if failed != nil || ctx.Err() != nil {
		return errors.Join(failed, ctx.Err())
	}
	if err == nil {
		return nil
	}
	h.Structure = append(h.Structure, "answers: "+reason(s.path, err).Error())
	_ = eachAnswer(ctx, s.read, "1 ORDER BY key DESC", func(key []byte, c *ner.Completion, sum int64) error {
		if last != nil && bytes.Compare(key, last) <= 0 {
			return errStop
		}
		return read(key, c, sum)
	}) // it ends at the damaged page
	return errors.Join(failed, ctx.Err())
}

// salvageRuns returns the runs whose row is whole.
func (s *Store) salvageRuns(ctx context.Context, h *Health) (runs []runRow) {
	lost := func(err error) { h.Lost = append(h.Lost, reason(s.path, err).Error()) }
	err := snapshot(ctx, s.read, func(tx *sql.Tx) error {
		seen := map[int64]bool{}
		for _, order := range []string{"", " DESC"} { // around a page that cannot be read
			err := eachNumber(ctx, tx, "SELECT number FROM runs ORDER BY number"+order, func(n int64) error {
				if seen[n] {
					return nil
				}
				seen[n] = true
				r, err := scanRun(tx.QueryRowContext(ctx, "SELECT "+runColumns+" FROM runs WHERE number = ?", n).Scan)
				if err != nil {
					lost(err)
					return nil
				}
				runs = append(runs, r)
				return nil
			})
			if err == nil {
				break
			}
			if order == "" {
				lost(err)
			}
		}
		var total int
		if err := tx.QueryRowContext(ctx, "SELECT runs FROM totals").Scan(&total); err != nil {
			return err
		}
		if total != len(seen) {
			return fmt.Errorf("%d of %d runs were found", len(seen), total)
		}
		return nil
	})
	if err != nil {
		lost(err)
	}
	slices.SortFunc(runs, func(a, b runRow) int { return int(a.number - b.number) })
	return runs
}

// eachNumber reads the numbers that a query returns.
func eachNumber(ctx context.Context, q querier, query string, yield func(int64) error) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	var numbers []int64
	for rows.Next() {
		var n int64
		if err = rows.Scan(&n); err != nil {
			break
		}
		numbers = append(numbers, n)
	}
	err = errors.Join(err, rows.Err(), rows.Close())
	for _, n := range numbers { // also those before an error
		if err := yield(n); err != nil {
			return err
		}
	}
	return err
}

// attachments reads the facts and scores of a run, and returns the faults.
func (s *Store) attachments(ctx context.Context, run *wholeRun) (faults []string) {
	_ = snapshot(ctx, s.read, func(tx *sql.Tx) error {
		now, err := readRun(ctx, tx, run.id) // again, since another process may have changed it
		if err != nil {
			faults = append(faults, reason(s.path, err).Error())
			return nil
		}
		run.runRow = now
		facts, err := factsOf(ctx, tx, now.number)
		if err == nil && facts.sum(now.id) != now.facts {
			err = errChecksum
		}
		if err != nil {
			faults = append(faults, "facts: "+reason(s.path, err).Error())
		} else {
			run.texts = facts
		}
		scores, err := wholeScores(ctx, tx, now) // also of a run without scores, which must have no rows
		if err != nil {
			faults = append(faults, "scores: "+reason(s.path, err).Error())
		} else if now.scoring != 0 {
			run.scores = scores
		}
		return nil
	})
	return faults
}

// wholeScores reads the scores of a run with the counts by passage.
func wholeScores(ctx context.Context, tx *sql.Tx, run runRow) (*Scores, error) {
	all, err := readScores(ctx, tx, run.id)
	if err != nil {
		return nil, err
	}
	scores := all[run.id]
	if scores.sum != run.scoring {
		return nil, errChecksum
	}
	for metric, m := range scores.Metrics {
		if m.Passages, err = readCounts(ctx, tx, run.id, metric); err != nil {
			return nil, err
		}
		scores.Metrics[metric] = m
	}
	return &scores.Scores, nil
}

// salvagePassages reads the complete passages of a run in blocks, and one by one where a
// block is damaged.
func (s *Store) salvagePassages(ctx context.Context, run *wholeRun, h *RunHealth, yield func(*wholeRun, []ner.Passage) error) error {
	read := tally{}
	whole := func(passages []ner.Passage) error {
		for _, p := range passages {
			read.add(len(p.Answers))
		}
		return yield(run, passages)
	}
	fault := func(err error) {
		if len(h.Faults) < maxFaults {
			h.Faults = append(h.Faults, reason(s.path, err).Error())
		}
	}
	for first := 0; first < run.passages; first += blockSize {
		passages, err := s.block(ctx, run.runRow, first, first+blockSize)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			if err := whole(passages); err != nil {
				return err
			}
			continue
		}
		for place := first; place < min(first+blockSize, run.passages); place++ {
			passages, err := s.block(ctx, run.runRow, place, place+1)
			if err != nil {
				fault(err)
			} else if err := whole(passages); err != nil {
				return err
			}
		}
	}
	h.Whole = read.complete
	if err := s.checkTally(ctx, run.runRow, read); err != nil && ctx.Err() == nil {
		fault(errors.Unwrap(err))
	}
	return ctx.Err()
}
