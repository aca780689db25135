package results

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

// addSources computes the checksums of facts again, which have a source now. The former
// checksums are verified before: afterwards, damaged facts would look correct.
func addSources(ctx context.Context, tx *sql.Tx) error {
	runs, err := readRuns(ctx, tx, "")
	if err != nil {
		return err
	}
	for i := range runs {
		r := &runs[i]
		all, err := factsOf(ctx, tx, r.number)
		if err != nil {
			return err
		}
		former := map[string]string{}
		for _, values := range all { // one source
			former = values
		}
		if formerFactsSum(r.id, former) != r.facts {
			return fmt.Errorf("%w: facts of run %s: %w", ErrDamaged, r.id, errChecksum)
		}
		if r.facts = all.sum(r.id); r.facts == 0 {
			continue
		}
		if err := r.update(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// formerFacts reads the metadata of a run in a store without sources.
func formerFacts(ctx context.Context, q querier, run int64) (all map[string]string, err error) {
	rows, err := q.QueryContext(ctx, "SELECT name, value FROM facts WHERE run = ?", run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all = map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		all[name] = value
	}
	return all, rows.Err()
}

// formerFactsSum is the checksum of facts without sources; 0 if there are none.
func formerFactsSum(runID string, all map[string]string) int64 {
	if len(all) == 0 {
		return 0
	}
	var f fields
	f.text(runID)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f.text(name)
		f.text(all[name])
	}
	return f.sum()
}
