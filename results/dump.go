package results

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// dumped are queries for all content of a store, in order, except times, durations,
// row numbers of SQLite, and the metadata of runs, which depends on the sessions.
var dumped = []struct{ table, query string }{
	{"runs", `SELECT id, keys, passages, complete, queries, asking FROM runs ORDER BY id`},
	{"passages", `SELECT id, place, document, passages.complete, hex(passages.keys), types FROM passages
		JOIN runs ON run = runs.number JOIN layouts ON layout = layouts.number ORDER BY id, place`},
	{"completions", `SELECT hex(key), text, thinking, finish, prompt_tokens, answer_tokens FROM completions ORDER BY key`},
	{"scorings", `SELECT id, scorings.passages, outcomes, counters FROM scorings JOIN runs ON run = number ORDER BY id`},
	{"scores", `SELECT id, metric, reader, version, tp, n_pred, n_gold, types, hex(scores.passages) FROM scores
		JOIN runs ON run = number ORDER BY id, metric`},
}

// Dump writes the content of the store as text, one row per line, without times and
// durations. Stores with the same content have the same dump, independent of the
// order in which it was recorded.
func (s *Store) Dump(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, d := range dumped {
		if err := s.dump(ctx, out, d.table, d.query); err != nil {
			return s.fault(err)
		}
	}
	return out.Flush()
}

func (s *Store) dump(ctx context.Context, w *bufio.Writer, table, query string) error {
	rows, err := s.read.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(names))
	columns := make([]any, len(names))
	for i := range values {
		columns[i] = &values[i]
	}
	format := table + strings.Repeat(" %#v", len(names)) + "\n"
	for rows.Next() {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		fmt.Fprintf(w, format, values...)
	}
	return rows.Err()
}
