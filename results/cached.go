package results

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// lookupSizes are the numbers of keys in prepared statements.
var lookupSizes = [...]int{16, 64, 256}

// The key that is returned is the wanted one, not that of the row: a damaged file may
// return another row, which then has a wrong checksum.
func lookupSQL(n int) string {
	return "WITH wanted(k) AS (VALUES " + strings.Repeat("(?),", n-1) + `(?))
		SELECT k, ` + answerColumns + `
		FROM wanted CROSS JOIN completions WHERE key = k`
}

// Cached returns the wanted completions that are in the store.
func (s *Store) Cached(ctx context.Context, keys []ner.AnswerKey) (map[ner.AnswerKey]ner.Completion, error) {
	found := make(map[ner.AnswerKey]ner.Completion)
	most := lookupSizes[len(lookupSizes)-1]
	for chunk := range slices.Chunk(keys, most) {
		if err := s.lookUp(ctx, chunk, found); err != nil {
			return nil, s.fault(err)
		}
	}
	return found, nil
}

func (s *Store) lookUp(ctx context.Context, keys []ner.AnswerKey, found map[ner.AnswerKey]ner.Completion) error {
	size := slices.IndexFunc(lookupSizes[:], func(n int) bool { return len(keys) <= n })
	// Unused parameters are null, which equals no key.
	args := make([]any, lookupSizes[size])
	for i := range keys {
		args[i] = keys[i][:]
	}
	rows, err := s.lookups[size].QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var row completionRow
	var f fields
	for rows.Next() {
		var key []byte
		if err := rows.Scan(append([]any{&key}, row.columns()...)...); err != nil {
			return err
		}
		c, err := row.completion(key, &f)
		if err != nil {
			return fmt.Errorf("%w: answer %x: %w", ErrDamaged, key, err)
		}
		found[ner.AnswerKey(key)] = c
	}
	return rows.Err()
}
