package results

import (
	"context"
	"encoding/json"
	"errors"

	"nerbench/ner"
)

// KeptErrors are the errors of a run, with the hash of all that they depend on.
type KeptErrors struct {
	Key    StatisticKey
	Counts ner.ErrorCounts
}

func errorsSum(runID string, key []byte, counts string) int64 {
	var f fields
	f.text(runID)
	f.bytes(key)
	f.text(counts)
	return f.sum()
}

// ErrorCounts returns the errors of all runs that have some in the store, by the id of the
// run. A damaged row is left out.
func (s *Store) ErrorCounts(ctx context.Context) (map[string]KeptErrors, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, key, counts, error_counts.checksum FROM error_counts JOIN runs ON run = number")
	if err != nil {
		return nil, s.fault(err)
	}
	found := map[string]KeptErrors{}
	for err == nil && rows.Next() {
		var id, text string
		var key []byte
		var sum int64
		if err = rows.Scan(&id, &key, &text, &sum); err != nil {
			break
		}
		var kept KeptErrors
		if len(key) != len(kept.Key) || errorsSum(id, key, text) != sum || json.Unmarshal([]byte(text), &kept.Counts) != nil {
			continue
		}
		kept.Key = StatisticKey(key)
		found[id] = kept
	}
	return found, s.fault(errors.Join(err, rows.Err(), rows.Close()))
}

// SaveErrorCounts keeps the errors of runs, by their ids. Runs that were removed
// meanwhile are left out.
func (s *Store) SaveErrorCounts(ctx context.Context, runs map[string]KeptErrors) error {
	const insert = "INSERT OR REPLACE INTO error_counts (run, key, counts, checksum) SELECT number, ?, ?, ? FROM runs WHERE id = ?"
	return s.saveStatistics(ctx, insert, func(insert func(...any) error) error {
		for id, kept := range runs {
			text, err := json.Marshal(kept.Counts)
			if err != nil {
				return err
			}
			if err := insert(kept.Key[:], string(text), errorsSum(id, kept.Key[:], string(text)), id); err != nil {
				return err
			}
		}
		return nil
	})
}
