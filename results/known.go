package results

import (
	"context"
	"slices"
	"strings"

	"nerbench/ner"
)

// knownSizes are the numbers of keys that a prepared statement looks up at
// once. What a passage asks mostly fits into the first.
var knownSizes = [...]int{16, 256}

func knownSQL(n int) string {
	return "WITH wanted(k) AS (VALUES " + strings.Repeat("(?),", n-1) + `(?))
		SELECT key, text, thinking, finish, prompt_tokens, answer_tokens, duration
		FROM wanted CROSS JOIN completions WHERE key = k`
}

// Known returns those of the wanted completions that the store has.
func (s *Store) Cached(ctx context.Context, keys []ner.AnswerKey) (map[ner.AnswerKey]ner.Completion, error) {
	found := make(map[ner.AnswerKey]ner.Completion)
	most := knownSizes[len(knownSizes)-1]
	for chunk := range slices.Chunk(keys, most) {
		if err := s.lookUp(ctx, chunk, found); err != nil {
			return nil, s.fault(err)
		}
	}
	return found, nil
}

func (s *Store) lookUp(ctx context.Context, keys []ner.AnswerKey, found map[ner.AnswerKey]ner.Completion) error {
	size := slices.IndexFunc(knownSizes[:], func(n int) bool { return len(keys) <= n })
	// Places that are left over are null, which equals no key.
	args := make([]any, knownSizes[size])
	for i := range keys {
		args[i] = keys[i][:]
	}
	rows, err := s.known[size].QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var row completionRow
	for rows.Next() {
		var key []byte
		if err := rows.Scan(append([]any{&key}, row.columns()...)...); err != nil {
			return err
		}
		c, err := row.completion()
		if err != nil {
			return err
		}
		found[ner.AnswerKey(key)] = c
	}
	return rows.Err()
}
