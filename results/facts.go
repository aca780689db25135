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

// facts are the metadata of a run, by the source that recorded them and by name. A source
// is a store: merged stores keep the facts of each.
type facts map[string]map[string]string

// AddFacts adds metadata ([ner.Facts]) to a run. A run may have several sessions:
// texts that differ between them are joined ("CPU; CUDA0"), counts are added up. An
// empty text is ignored.
func (s *Store) AddFacts(ctx context.Context, runID string, texts map[string]string, counts map[string]int64) error {
	if err := errors.Join(checkFacts(runID, texts), checkFacts(runID, counts)); err != nil {
		return err
	}
	for name := range counts {
		if !ner.SummedFact(name) {
			return fmt.Errorf("run %s: fact %q: is not a count", runID, name)
		}
	}
	db, err := s.writable()
	if err != nil {
		return err
	}
	return s.fault(changeRun(ctx, db, runID, func(tx *sql.Tx, r *runRow) error {
		source, err := origin(ctx, tx)
		if err != nil {
			return err
		}
		for name, n := range counts {
			err := changeFact(ctx, tx, r.number, source, name, func(old string) (string, error) { return sum(old, n) })
			if err != nil {
				return fmt.Errorf("run %s: fact %s: %w", runID, name, err)
			}
		}
		return addTexts(ctx, tx, r, source, texts)
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

var errNameless = errors.New("the store has no name")

// origin is the name of the store as the source of facts.
func origin(ctx context.Context, q querier) (source string, err error) {
	err = q.QueryRowContext(ctx, "SELECT source FROM origin").Scan(&source)
	if errors.Is(err, sql.ErrNoRows) || err == nil && source == "" {
		err = fmt.Errorf("%w: %w", ErrDamaged, errNameless)
	}
	return source, err
}

// addTexts adds texts to the facts of a run. The row is not yet updated.
func addTexts(ctx context.Context, tx *sql.Tx, r *runRow, source string, texts map[string]string) error {
	for name, text := range texts {
		err := changeFact(ctx, tx, r.number, source, name, func(old string) (string, error) { return appendText(old, text), nil })
		if err != nil {
			return err
		}
	}
	all, err := factsOf(ctx, tx, r.number)
	r.facts = all.sum(r.id)
	return err
}

// changeFact replaces the value of a fact; the empty value means that there is
// none.
func changeFact(ctx context.Context, tx *sql.Tx, run int64, source, name string, change func(old string) (string, error)) error {
	var old string
	err := tx.QueryRowContext(ctx, "SELECT value FROM facts WHERE run = ? AND source = ? AND name = ?", run, source, name).Scan(&old)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	value, err := change(old)
	if err != nil || value == old {
		return err
	}
	_, err = tx.ExecContext(ctx, insertFact+" ON CONFLICT DO UPDATE SET value = excluded.value", run, source, name, value)
	return err
}

const insertFact = "INSERT INTO facts (run, source, name, value) VALUES (?, ?, ?, ?)"

// insert adds facts of a run that has none.
func (f facts) insert(ctx context.Context, tx *sql.Tx, run int64) error {
	for source, values := range f {
		for name, value := range values {
			if _, err := tx.ExecContext(ctx, insertFact, run, source, name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// between is between texts of one fact that differ.
const between = "; "

// appendText appends a text to the previous texts, unless it is among them.
func appendText(old, text string) string {
	if old == "" || text == "" {
		return old + text
	}
	if slices.Contains(strings.Split(old, between), text) {
		return old
	}
	return old + between + text
}

// joinTexts joins the texts of several sources, in an order that does not depend on
// theirs. Texts that are all equal are kept as they are.
func joinTexts(texts []string) string {
	if slices.Sort(texts); texts[0] == texts[len(texts)-1] {
		return texts[0]
	}
	parts := strings.Split(strings.Join(texts, between), between)
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), between)
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

// joined returns the facts of all sources together, by name; nil if there are none.
func (f facts) joined() map[string]string {
	var all map[string]string
	values := map[string][]string{}
	for _, of := range f {
		for name, value := range of {
			values[name] = append(values[name], value)
		}
	}
	for name, of := range values {
		if all == nil {
			all = map[string]string{}
		}
		if total, ok := total(of); ok && ner.SummedFact(name) {
			all[name] = total
		} else {
			all[name] = joinTexts(of)
		}
	}
	return all
}

// total is the sum of counts; ok is false if one of them is not a count, as in the facts
// of a bundle that were joined as texts.
func total(counts []string) (text string, ok bool) {
	for _, count := range counts {
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil {
			return "", false
		}
		if text, err = sum(text, n); err != nil {
			return "", false
		}
	}
	return text, true
}

// merge adds the facts of another store with the same run. Of one source, two stores may
// have earlier and later values: counts only grow, and texts are only added.
func (f facts) merge(other facts) {
	for source, values := range other {
		if f[source] == nil {
			f[source] = map[string]string{}
		}
		for name, value := range values {
			f[source][name] = later(name, f[source][name], value)
		}
	}
}

// later returns the later of two values of one source.
func later(name, a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	m, errA := strconv.ParseInt(a, 10, 64)
	n, errB := strconv.ParseInt(b, 10, 64)
	if ner.SummedFact(name) && errA == nil && errB == nil {
		return strconv.FormatInt(max(m, n), 10)
	}
	return joinTexts([]string{a, b})
}

// factsOf reads the metadata of a run.
func factsOf(ctx context.Context, q querier, run int64) (all facts, err error) {
	rows, err := q.QueryContext(ctx, "SELECT source, name, value FROM facts WHERE run = ?", run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all = facts{}
	for rows.Next() {
		var source, name, value string
		if err := rows.Scan(&source, &name, &value); err != nil {
			return nil, err
		}
		all.set(source, name, value)
	}
	return all, rows.Err()
}

func (f facts) set(source, name, value string) {
	if f[source] == nil {
		f[source] = map[string]string{}
	}
	f[source][name] = value
}

// readFacts reads the metadata of the runs whose id begins with prefix.
func readFacts(ctx context.Context, q querier, prefix string) (out map[string]facts, err error) {
	rows, err := q.QueryContext(ctx, "SELECT runs.id, source, name, value FROM facts JOIN runs ON run = number WHERE "+hasPrefix, prefix)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]facts{}
	for rows.Next() {
		var id, source, name, value string
		if err := rows.Scan(&id, &source, &name, &value); err != nil {
			return nil, err
		}
		if out[id] == nil {
			out[id] = facts{}
		}
		out[id].set(source, name, value)
	}
	return out, rows.Err()
}
