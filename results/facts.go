package results

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// AddFacts adds metadata ([ner.Facts]) to a run. A run may have several sessions:
// texts that differ between them are joined ("CPU; CUDA0"), counts are added up. An
// empty text is ignored.
func (s *Store) AddFacts(ctx context.Context, runID string, texts map[string]string, counts map[string]int64) error {
	if err := errors.Join(checkFacts(runID, texts), checkFacts(runID, counts)); err != nil {
		return err
	}
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(changeRun(ctx, db, runID, func(tx *sql.Tx, r *runRow) error {
		for name, n := range counts {
			err := changeFact(ctx, tx, r.number, name, func(old string) (string, error) { return sum(old, n) })
			if err != nil {
				return fmt.Errorf("run %s: fact %s: %w", runID, name, err)
			}
		}
		return addTexts(ctx, tx, r, texts)
	}))
}

// checkFacts demands that the names of facts are known.
func checkFacts[T any](runID string, facts map[string]T) error {
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		if !ner.KnownFact(name) {
			return fmt.Errorf("run %s: fact %q: unknown", runID, name)
		}
	}
	return nil
}

// addTexts adds texts to the facts of a run. The row is not yet updated.
func addTexts(ctx context.Context, tx *sql.Tx, r *runRow, texts map[string]string) error {
	for name, text := range texts {
		err := changeFact(ctx, tx, r.number, name, func(old string) (string, error) { return appendText(old, text), nil })
		if err != nil {
			return err
		}
	}
	facts, err := factsOf(ctx, tx, r.number)
	r.facts = factsSum(r.id, facts)
	return err
}

// changeFact replaces the value of a fact; the empty value means that there is
// none.
func changeFact(ctx context.Context, tx *sql.Tx, run int64, name string, change func(old string) (string, error)) error {
	var old string
	err := tx.QueryRowContext(ctx, "SELECT value FROM facts WHERE run = ? AND name = ?", run, name).Scan(&old)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	value, err := change(old)
	if err != nil || value == old {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO facts (run, name, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", run, name, value)
	return err
}

// appendText appends a text to the previous texts, unless it is among them.
func appendText(old, text string) string {
	const between = "; "
	if old == "" || text == "" {
		return old + text
	}
	if slices.Contains(strings.Split(old, between), text) {
		return old
	}
	return old + between + text
}

// sum adds a count to the previous count.
func sum(old string, n int64) (string, error) {
	if old == "" {
		return strconv.FormatInt(n, 10), nil
	}
	before, err := strconv.ParseInt(old, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return strconv.FormatInt(before+n, 10), nil
}

// factsOf reads the metadata of a run.
func factsOf(ctx context.Context, q querier, run int64) (facts map[string]string, err error) {
	rows, err := q.QueryContext(ctx, "SELECT name, value FROM facts WHERE run = ?", run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	facts = map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		facts[name] = value
	}
	return facts, rows.Err()
}

// readFacts reads the metadata of the runs whose id begins with prefix.
func readFacts(ctx context.Context, q querier, prefix string) (out map[string]map[string]string, err error) {
	rows, err := q.QueryContext(ctx, "SELECT runs.id, name, value FROM facts JOIN runs ON run = number WHERE "+hasPrefix, prefix)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]map[string]string{}
	for rows.Next() {
		var id, name, value string
		if err := rows.Scan(&id, &name, &value); err != nil {
			return nil, err
		}
		if out[id] == nil {
			out[id] = map[string]string{}
		}
		out[id][name] = value
	}
	return out, rows.Err()
}
