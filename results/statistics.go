package results

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"time"

	"nerbench/ner"
)

// The store keeps what is slow to compute from its own content: paired tests, intervals
// and sums over answers. A row that is missing or damaged is computed again.

// StatisticKey is the hash of all that a statistic depends on.
type StatisticKey [16]byte

// PairTest is the outcome of a paired test.
type PairTest struct {
	// Count of Tried swaps gave a difference at least as large.
	Count, Tried int
	// Exact: all swaps were computed.
	Exact bool
	// Spread is the root mean square of the differences after the swaps.
	Spread float64
	// Whole are the sums of its first rounds, with which a test with more rounds continues;
	// zero: unknown. The store does not keep them.
	Whole RoundSums
}

// RoundSums are the sums of the first rounds of a test.
type RoundSums struct {
	Rounds, Count int
	Squares       float64 // of the differences
}

// Interval is a 95 % interval.
type Interval struct{ Low, High float64 }

func (t *PairTest) sum(key []byte) int64 {
	var f fields
	f.bytes(key)
	f.number(int64(t.Count))
	f.number(int64(t.Tried))
	f.number(number(t.Exact))
	f.number(int64(math.Float64bits(t.Spread)))
	return f.sum()
}

func (i *Interval) sum(key []byte) int64 {
	var f fields
	f.bytes(key)
	f.number(int64(math.Float64bits(i.Low)))
	f.number(int64(math.Float64bits(i.High)))
	return f.sum()
}

// PairTests returns those of the tests that the store has.
func (s *Store) PairTests(ctx context.Context, keys []StatisticKey) (map[StatisticKey]PairTest, error) {
	found := map[StatisticKey]PairTest{}
	err := s.statistics(ctx, "SELECT key, checksum, count, tried, exact, spread FROM pair_tests", keys, func(scan func(...any) error) error {
		var key []byte
		var sum int64
		var t PairTest
		err := scan(&key, &sum, &t.Count, &t.Tried, &t.Exact, &t.Spread)
		if err == nil && len(key) == len(StatisticKey{}) && t.sum(key) == sum {
			found[StatisticKey(key)] = t
		}
		return err
	})
	return found, err
}

// SavePairTests adds tests.
func (s *Store) SavePairTests(ctx context.Context, tests map[StatisticKey]PairTest) error {
	return s.saveStatistics(ctx, "INSERT OR REPLACE INTO pair_tests (key, checksum, count, tried, exact, spread) VALUES (?, ?, ?, ?, ?, ?)", func(insert func(...any) error) error {
		for key, t := range tests {
			if err := insert(key[:], t.sum(key[:]), t.Count, t.Tried, t.Exact, t.Spread); err != nil {
				return err
			}
		}
		return nil
	})
}

// Intervals returns those of the intervals that the store has.
func (s *Store) Intervals(ctx context.Context, keys []StatisticKey) (map[StatisticKey]Interval, error) {
	found := map[StatisticKey]Interval{}
	err := s.statistics(ctx, "SELECT key, checksum, low, high FROM intervals", keys, func(scan func(...any) error) error {
		var key []byte
		var sum int64
		var i Interval
		err := scan(&key, &sum, &i.Low, &i.High)
		if err == nil && len(key) == len(StatisticKey{}) && i.sum(key) == sum {
			found[StatisticKey(key)] = i
		}
		return err
	})
	return found, err
}

// SaveIntervals adds intervals.
func (s *Store) SaveIntervals(ctx context.Context, intervals map[StatisticKey]Interval) error {
	return s.saveStatistics(ctx, "INSERT OR REPLACE INTO intervals (key, checksum, low, high) VALUES (?, ?, ?, ?)", func(insert func(...any) error) error {
		for key, i := range intervals {
			if err := insert(key[:], i.sum(key[:]), i.Low, i.High); err != nil {
				return err
			}
		}
		return nil
	})
}

// statistics reads the rows of a table that have one of the keys.
func (s *Store) statistics(ctx context.Context, query string, keys []StatisticKey, yield func(scan func(...any) error) error) error {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = hex.EncodeToString(key[:])
	}
	list, err := json.Marshal(names)
	if err != nil {
		return err
	}
	rows, err := s.read.QueryContext(ctx, query+" WHERE key IN (SELECT unhex(value) FROM json_each(?))", string(list))
	if err != nil {
		return s.fault(err)
	}
	for err == nil && rows.Next() {
		err = yield(rows.Scan)
	}
	return s.fault(errors.Join(err, rows.Err(), rows.Close()))
}

// saveStatistics inserts rows in one transaction.
func (s *Store) saveStatistics(ctx context.Context, query string, each func(insert func(...any) error) error) error {
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(transact(ctx, db, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		defer insert.Close()
		return each(func(values ...any) error {
			_, err := insert.ExecContext(ctx, values...)
			return err
		})
	}))
}

// Cost is the sum over the answers of a run. An answer that several runs share counts in
// each of them.
type Cost struct {
	Queries int
	// Uncounted is the number of queries that were answered without numbers of tokens:
	// the server does not tell, or there is none.
	Uncounted                  int
	PromptTokens, AnswerTokens int
	// Duration is the sum of the times from query to answer.
	Duration time.Duration
}

func (c *Cost) sum(run *runRow) int64 {
	var f fields
	f.text(run.id)
	for _, n := range []int64{int64(run.complete), run.updated, int64(c.Queries), int64(c.Uncounted), int64(c.PromptTokens), int64(c.AnswerTokens), int64(c.Duration)} {
		f.number(n)
	}
	return f.sum()
}

// Add adds the answers of a passage.
func (c *Cost) Add(answers []ner.Answer) {
	for _, a := range answers {
		c.Queries++
		sent := a.Completion.Finish != ner.FinishTooLong && a.Completion.Finish != ner.FinishRefused
		if sent && a.Completion.PromptTokens == 0 {
			c.Uncounted++
		}
		c.PromptTokens += a.Completion.PromptTokens
		c.AnswerTokens += a.Completion.AnswerTokens
		c.Duration += a.Completion.Duration
	}
}

// Cost returns the sum over the answers of a run, from the sums that the store keeps if
// the run has not changed since. kept reports whether it was there.
func (s *Store) Cost(ctx context.Context, runID string) (c Cost, kept bool, err error) {
	var run runRow
	err = snapshot(ctx, s.read, func(tx *sql.Tx) error {
		if run, err = readRun(ctx, tx, runID); err != nil {
			return err
		}
		var sum int64
		const q = "SELECT queries, uncounted, prompt_tokens, answer_tokens, duration, checksum FROM costs WHERE run = ? AND complete = ? AND updated = ?"
		err = tx.QueryRowContext(ctx, q, run.number, run.complete, run.updated).
			Scan(&c.Queries, &c.Uncounted, &c.PromptTokens, &c.AnswerTokens, &c.Duration, &sum)
		kept = err == nil && c.sum(&run) == sum
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil || kept {
		return c, kept, s.fault(err)
	}
	c = Cost{}
	for passage, err := range s.Passages(ctx, runID) {
		if err != nil {
			return c, false, err
		}
		c.Add(passage.Answers)
	}
	return c, false, nil
}

// SaveCost keeps the sum over the answers of a run, which was read when the run had the
// state in info.
func (s *Store) SaveCost(ctx context.Context, info RunInfo, c Cost) error {
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(transact(ctx, db, func(tx *sql.Tx) error {
		run, err := readRun(ctx, tx, info.ID)
		if err != nil || run.complete != info.Complete || run.updated != info.Updated.UnixMilli() {
			return err // the run has changed
		}
		return c.save(ctx, tx, &run)
	}))
}

func (c *Cost) save(ctx context.Context, tx *sql.Tx, run *runRow) error {
	const insert = `INSERT OR REPLACE INTO costs (run, complete, updated, queries, uncounted, prompt_tokens, answer_tokens, duration, checksum)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	_, err := tx.ExecContext(ctx, insert, run.number, run.complete, run.updated, c.Queries, c.Uncounted, c.PromptTokens, c.AnswerTokens, int64(c.Duration), c.sum(run))
	return err
}

// TokensKnown reports whether the numbers of tokens are those of all answers.
func (c *Cost) TokensKnown() bool { return c.Queries > 0 && c.Uncounted == 0 }
