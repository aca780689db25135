package results

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"nerbench/ner"
)

// Summary is a complete run without its passages.
type Summary struct {
	Run      ner.Run
	Passages int
	Queries  int
	Facts    map[string]string
	Scores   Scores
	Cost     Cost
}

// AddSummaries adds complete runs whose passages are kept elsewhere, all in one transaction.
// [Store.Passages] of such a run is an error, so that it must not be part of the store of a
// user.
func (s *Store) AddSummaries(ctx context.Context, list []Summary) error {
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(transact(ctx, db, func(tx *sql.Tx) error {
		source, err := origin(ctx, tx)
		if err != nil {
			return err
		}
		for i := range list {
			if err := list[i].add(ctx, tx, source); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (s *Summary) add(ctx context.Context, tx *sql.Tx, source string) error {
	id := s.Run.ID()
	if err := checkFacts(id, s.Facts); err != nil {
		return err
	}
	text, err := keysText(s.Run)
	if err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	r := runRow{id: id, keys: text, passages: s.Passages, complete: s.Passages, queries: s.Queries, created: now, updated: now}
	if err := r.insert(ctx, tx); err != nil {
		return fmt.Errorf("run %s: %w", id, err)
	}
	known := facts{}
	if texts := maps.Clone(s.Facts); len(texts) > 0 {
		maps.DeleteFunc(texts, func(_, text string) bool { return text == "" })
		known[source] = texts
	}
	if err := known.insert(ctx, tx, r.number); err != nil {
		return err
	}
	r.facts = known.sum(id)
	if err := saveScores(ctx, tx, &r, s.Scores); err != nil {
		return err
	}
	if err := r.update(ctx, tx); err != nil {
		return err
	}
	return s.Cost.save(ctx, tx, &r)
}

// saveScores inserts the scores of a run that has none. Its row is not yet updated.
func saveScores(ctx context.Context, tx *sql.Tx, r *runRow, scores Scores) error {
	outcomes, err := marshalCounts(scores.Outcomes)
	if err != nil {
		return err
	}
	counters, err := marshalCounts(scores.Counters)
	if err != nil {
		return err
	}
	scoring := scoringRow{
		passages: scores.Passages, outcomes: outcomes, counters: counters,
		scored: time.Now().UnixMilli(), scores: map[string]int64{},
	}
	const insert = "INSERT INTO scorings (run, passages, outcomes, counters, scored) VALUES (?, ?, ?, ?, ?)"
	if _, err := tx.ExecContext(ctx, insert, r.number, scoring.passages, scoring.outcomes, scoring.counters, scoring.scored); err != nil {
		return err
	}
	for _, metric := range slices.Sorted(maps.Keys(scores.Metrics)) {
		sum, err := saveMetric(ctx, tx, r, metric, scores.Metrics[metric], scores.Passages)
		if err != nil {
			return fmt.Errorf("run %s: %s: %w", r.id, metric, err)
		}
		scoring.scores[metric] = sum
	}
	r.scoring = scoring.sum(r.id)
	return nil
}
