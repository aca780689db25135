package results

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

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
	// Checksum is that of the counts by passage, which the store computes.
	Checksum int64
	// Reader and Version are the versions of the parser of answers and of the
	// metric.
	Reader, Version string
}

// SaveScores replaces the scores of a run.
func (s *Store) SaveScores(ctx context.Context, runID string, scores Scores) error {
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(changeRun(ctx, db, runID, func(tx *sql.Tx, r *runRow) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM scorings WHERE run = ?", r.number); err != nil {
			return err
		}
		return saveScores(ctx, tx, r, scores)
	}))
}

// saveMetric saves the counts of one metric, and returns their checksum.
func saveMetric(ctx context.Context, tx *sql.Tx, run *runRow, metric string, m MetricScore, passages int) (sum int64, err error) {
	if len(m.Passages) != passages {
		return 0, fmt.Errorf("counts of %d passages, but %d were scored", len(m.Passages), passages)
	}
	types, err := marshalCounts(m.ByType)
	if err != nil {
		return 0, err
	}
	blob, err := encodeCounts(m.Passages)
	if err != nil {
		return 0, err
	}
	row := scoreRow{metric: metric, reader: m.Reader, version: m.Version, total: m.Total, types: types, countsSum: countsSum(blob)}
	sum = row.sum(run.id)
	const insert = `INSERT INTO scores (run, metric, reader, version, tp, n_pred, n_gold, types, passages, counts_sum, checksum)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	_, err = tx.ExecContext(ctx, insert, run.number, metric, m.Reader, m.Version, m.Total.TP, m.Total.NPred, m.Total.NGold, types, blob, row.countsSum, sum)
	return sum, err
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
	runs, err := s.list(ctx, runID)
	if err != nil {
		return Scores{}, err
	}
	for _, r := range runs {
		if r.ID == runID {
			return r.Scores, nil
		}
	}
	return Scores{}, s.fault(fmt.Errorf("run %s: %w", runID, ErrNoRun))
}

// storedScores are scores with the checksum of their scoring.
type storedScores struct {
	Scores
	sum int64
}

// readScores reads the scores of the runs whose id begins with prefix, and verifies
// their checksums. The caller compares the checksums of the scorings.
func readScores(ctx context.Context, q querier, prefix string) (map[string]storedScores, error) {
	rows, err := q.QueryContext(ctx, `SELECT runs.id, scorings.passages, outcomes, counters, scored,
			metric, reader, version, tp, n_pred, n_gold, types, counts_sum, scores.checksum
		FROM runs JOIN scorings ON scorings.run = number LEFT JOIN scores ON scores.run = number WHERE `+hasPrefix, prefix)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	scorings := map[string]*scoringRow{}
	scores := map[string]storedScores{}
	for rows.Next() {
		var id string
		var scoring scoringRow
		var metric, reader, version, types sql.NullString // null if there is no metric
		var tp, pred, gold, counts, sum sql.NullInt64
		if err := rows.Scan(&id, &scoring.passages, &scoring.outcomes, &scoring.counters, &scoring.scored,
			&metric, &reader, &version, &tp, &pred, &gold, &types, &counts, &sum); err != nil {
			return nil, err
		}
		if scorings[id] == nil {
			scoring.scores = map[string]int64{}
			scorings[id] = &scoring
			sc := Scores{Passages: scoring.passages, Metrics: map[string]MetricScore{}}
			if err := errors.Join(json.Unmarshal([]byte(scoring.outcomes), &sc.Outcomes), json.Unmarshal([]byte(scoring.counters), &sc.Counters)); err != nil {
				return nil, fmt.Errorf("%w: scores of run %s: %w", ErrDamaged, id, err)
			}
			scores[id] = storedScores{Scores: sc}
		}
		if !metric.Valid {
			continue
		}
		row := scoreRow{
			metric: metric.String, reader: reader.String, version: version.String, types: types.String,
			total: ner.Score{TP: int(tp.Int64), NPred: int(pred.Int64), NGold: int(gold.Int64)}, countsSum: counts.Int64,
		}
		if row.sum(id) != sum.Int64 {
			return nil, fmt.Errorf("%w: run %s: %s: %w", ErrDamaged, id, row.metric, errChecksum)
		}
		m := MetricScore{Total: row.total, Reader: row.reader, Version: row.version, Checksum: row.countsSum}
		if err := json.Unmarshal([]byte(row.types), &m.ByType); err != nil {
			return nil, fmt.Errorf("%w: scores of run %s: %w", ErrDamaged, id, err)
		}
		scores[id].Metrics[row.metric] = m
		scorings[id].scores[row.metric] = sum.Int64
	}
	for id, sc := range scores {
		sc.sum = scorings[id].sum(id)
		scores[id] = sc
	}
	return scores, rows.Err()
}

// Counts returns the saved counts of a metric by passage: of the complete passages,
// in order of index. They suffice for intervals and paired tests, without data or
// model.
func (s *Store) Counts(ctx context.Context, runID, metric string) ([]ner.Score, error) {
	counts, err := readCounts(ctx, s.read, runID, metric)
	return counts, s.fault(err)
}

// readCounts reads the counts by passage, and verifies their checksums.
func readCounts(ctx context.Context, db querier, runID, metric string) (counts []ner.Score, err error) {
	var row scoreRow
	var id string
	var blob []byte
	var sum int64
	const q = `SELECT id, metric, reader, version, tp, n_pred, n_gold, types, counts_sum, scores.checksum, scores.passages
		FROM scores JOIN runs ON number = run WHERE id = ? AND metric = ?`
	err = db.QueryRowContext(ctx, q, runID, metric).Scan(&id, &row.metric, &row.reader, &row.version,
		&row.total.TP, &row.total.NPred, &row.total.NGold, &row.types, &row.countsSum, &sum, &blob)
	if errors.Is(err, sql.ErrNoRows) {
		if _, err := readRun(ctx, db, runID); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("run %s: %w by %s", runID, ErrNoScore, metric)
	} else if err != nil {
		return nil, err
	}
	if id != runID || row.metric != metric || row.sum(runID) != sum || countsSum(blob) != row.countsSum {
		return nil, fmt.Errorf("%w: run %s: %s: %w", ErrDamaged, runID, metric, errChecksum)
	}
	if counts, err = decodeCounts(blob); err != nil {
		return nil, fmt.Errorf("%w: run %s: %s: %w", ErrDamaged, runID, metric, err)
	}
	return counts, nil
}
