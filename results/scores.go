package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"nerbench/ner"
)

// Scores is one scoring of a run. It contains only counts; ratios are never stored
// (docs/spec/metrics.md §1.1).
type Scores struct {
	// Passages is the number of complete passages that were scored. If the run now
	// has more, the scores are out of date.
	Passages int
	// Metrics has the counts by metric id with its options (docs/spec/metrics.md §1.5).
	Metrics map[string]MetricScore
	// Outcomes counts the queries by outcome (docs/spec/metrics.md §8.3).
	Outcomes map[ner.Outcome]int
	// Counters are additional counts (docs/spec/metrics.md §14.1), such as
	// gold_void, unaligned, ambiguous, or duplicates.
	Counters map[string]int
}

// MetricScore holds the counts of one metric in a run.
type MetricScore struct {
	Total  ner.Score
	ByType map[ner.EntityType]ner.Score
	// Passages are the counts of each complete passage, in order of index. Only
	// [Store.SaveScores] uses them here; [Store.Counts] returns them.
	Passages []ner.Score
	// Reader and Version are the versions of the parser of answers and of the
	// metric.
	Reader, Version string
}

// SaveScores replaces the scores of a run.
func (s *Store) SaveScores(ctx context.Context, runID string, scores Scores) error {
	outcomes, err := marshalCounts(scores.Outcomes)
	if err != nil {
		return err
	}
	counters, err := marshalCounts(scores.Counters)
	if err != nil {
		return err
	}
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(transact(ctx, db, func(tx *sql.Tx) error {
		const remove = "DELETE FROM scorings WHERE run = (SELECT number FROM runs WHERE id = ?)"
		if _, err := tx.ExecContext(ctx, remove, runID); err != nil {
			return err
		}
		const insert = `INSERT INTO scorings (run, passages, outcomes, counters, scored)
			SELECT number, ?, ?, ?, ? FROM runs WHERE id = ?`
		done, err := tx.ExecContext(ctx, insert, scores.Passages, outcomes, counters, time.Now().UnixMilli(), runID)
		if err := affected(done, err, runID); err != nil {
			return err
		}
		for _, metric := range slices.Sorted(maps.Keys(scores.Metrics)) {
			if err := saveMetric(ctx, tx, runID, metric, scores.Metrics[metric], scores.Passages); err != nil {
				return fmt.Errorf("run %s: %s: %w", runID, metric, err)
			}
		}
		return nil
	}))
}

func saveMetric(ctx context.Context, tx *sql.Tx, runID, metric string, m MetricScore, passages int) error {
	if len(m.Passages) != passages {
		return fmt.Errorf("counts of %d passages, but %d were scored", len(m.Passages), passages)
	}
	types, err := marshalCounts(m.ByType)
	if err != nil {
		return err
	}
	blob, err := encodeCounts(m.Passages)
	if err != nil {
		return err
	}
	const insert = `INSERT INTO scores (run, metric, reader, version, tp, n_pred, n_gold, types, passages)
		SELECT number, ?, ?, ?, ?, ?, ?, ?, ? FROM runs WHERE id = ?`
	_, err = tx.ExecContext(ctx, insert, metric, m.Reader, m.Version, m.Total.TP, m.Total.NPred, m.Total.NGold, types, blob, runID)
	return err
}

// marshalCounts writes a map as a JSON object, sorted by name.
func marshalCounts[K ~string, V any](m map[K]V) (string, error) {
	if m == nil {
		return "{}", nil
	}
	b, err := json.Marshal(m)
	return string(b), err
}

// Scores returns the last scoring of a run, without the counts by passage. It is
// zero if the run is not scored.
func (s *Store) Scores(ctx context.Context, runID string) (Scores, error) {
	if _, _, err := s.run(ctx, runID); err != nil {
		return Scores{}, err
	}
	scores, err := s.scores(ctx, runID)
	return scores[runID], s.fault(err)
}

// scores reads the scores of the runs whose id begins with prefix.
func (s *Store) scores(ctx context.Context, prefix string) (scores map[string]Scores, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT runs.id, scorings.passages, outcomes, counters,
			metric, reader, version, tp, n_pred, n_gold, types
		FROM runs JOIN scorings ON scorings.run = number LEFT JOIN scores ON scores.run = number WHERE `+hasPrefix, prefix)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	scores = make(map[string]Scores)
	for rows.Next() {
		var id string
		var passages int
		var outcomes, counters, types []byte
		var metric, reader, version sql.NullString // null if there is no metric
		var tp, pred, gold sql.NullInt64
		if err := rows.Scan(&id, &passages, &outcomes, &counters,
			&metric, &reader, &version, &tp, &pred, &gold, &types); err != nil {
			return nil, err
		}
		sc, ok := scores[id]
		if !ok {
			sc = Scores{Passages: passages, Metrics: make(map[string]MetricScore)}
			if err := errors.Join(json.Unmarshal(outcomes, &sc.Outcomes), json.Unmarshal(counters, &sc.Counters)); err != nil {
				return nil, fmt.Errorf("%w: scores of run %s: %w", ErrDamaged, id, err)
			}
			scores[id] = sc
		}
		if !metric.Valid {
			continue
		}
		m := MetricScore{
			Total:  ner.Score{TP: int(tp.Int64), NPred: int(pred.Int64), NGold: int(gold.Int64)},
			Reader: reader.String, Version: version.String,
		}
		if err := json.Unmarshal(types, &m.ByType); err != nil {
			return nil, fmt.Errorf("%w: scores of run %s: %w", ErrDamaged, id, err)
		}
		sc.Metrics[metric.String] = m
	}
	return scores, rows.Err()
}

// Counts returns the saved counts of a metric by passage: of the complete passages,
// in order of index. They suffice for intervals and paired tests, without data or
// model.
func (s *Store) Counts(ctx context.Context, runID, metric string) ([]ner.Score, error) {
	var blob []byte
	const q = "SELECT scores.passages FROM scores JOIN runs ON number = run WHERE id = ? AND metric = ?"
	err := s.read.QueryRowContext(ctx, q, runID, metric).Scan(&blob)
	if errors.Is(err, sql.ErrNoRows) {
		if _, _, err := s.run(ctx, runID); err != nil {
			return nil, err
		}
		return nil, s.fault(fmt.Errorf("run %s: %w by %s", runID, ErrNoScore, metric))
	} else if err != nil {
		return nil, s.fault(err)
	}
	counts, err := decodeCounts(blob)
	if err != nil {
		return nil, s.fault(fmt.Errorf("%w: run %s: %s: %w", ErrDamaged, runID, metric, err))
	}
	return counts, nil
}
