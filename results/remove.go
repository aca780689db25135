package results

import (
	"context"
	"database/sql"
	"strings"
)

// keysOf lists the keys of the passages that a condition selects.
const keysOf = `WITH RECURSIVE n(i) AS (
		SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE (i + 1) * 16 < (SELECT max(length(keys)) FROM passages))
	SELECT substr(keys, i * 16 + 1, 16) FROM passages CROSS JOIN n WHERE i * 16 < length(keys) AND run `

// removal removes run ?1, in order. Answers go that no other run refers to.
var removal = []string{
	"CREATE TEMP TABLE unused (key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID",
	"INSERT OR IGNORE INTO unused " + keysOf + "= ?1",
	"DELETE FROM unused WHERE key IN (" + keysOf + "<> ?1)",
	"DELETE FROM completions WHERE key IN (SELECT key FROM unused)",
	"DROP TABLE unused",
	"DELETE FROM runs WHERE number = ?1", // and, by cascade, what refers to it
	"DELETE FROM layouts WHERE number NOT IN (SELECT layout FROM passages)",
}

// Remove removes a run with its passages and scores, and the answers that no
// other run uses. It reads all passages of the store.
func (s *Store) Remove(ctx context.Context, runID string) error {
	db, err := s.writable()
	if err != nil {
		return err
	}
	number, _, err := s.run(ctx, runID)
	if err != nil {
		return err
	}
	return s.fault(transact(ctx, db, func(tx *sql.Tx) error {
		for _, statement := range removal {
			var args []any
			if strings.Contains(statement, "?1") {
				args = append(args, number)
			}
			if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
				return err
			}
		}
		return nil
	}))
}
