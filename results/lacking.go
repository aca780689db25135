package results

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// recomputed are the tables whose rows can be deleted at any time, with the migration that
// makes each. Builds between two versions wrote stores whose schema number is that of such
// a migration, but which lack a table that was added to it later.
var recomputed = []struct{ table, migration string }{
	{"pair_tests", "0007_pair_tests.sql"}, {"intervals", "0007_pair_tests.sql"}, {"costs", "0007_pair_tests.sql"},
	{"error_counts", "0008_error_counts.sql"}, {"sites", "0008_error_counts.sql"},
}

// lacking lists the tables of recomputed, by their place, that a store lacks although its
// schema number promises them.
func lacking(version int, tables []string) (places []int) {
	for i, r := range recomputed {
		if numberOf(r.migration) <= version && !slices.Contains(tables, r.table) {
			places = append(places, i)
		}
	}
	return places
}

// numberOf is the number in the name of a migration.
func numberOf(migration string) int {
	n, _ := strconv.Atoi(migration[:4]) // numbered has checked it
	return n
}

// repair makes the tables that the store lacks, and reports whether there were any.
func repair(ctx context.Context, tx *sql.Tx, c config, version int) (changed bool, err error) {
	var names string
	if err := tx.QueryRowContext(ctx, "SELECT "+tableNames).Scan(&names); err != nil {
		return false, err
	}
	for _, i := range lacking(version, strings.Split(names, ",")) {
		r := recomputed[i]
		text, err := fs.ReadFile(c.migrations, r.migration)
		if err != nil {
			return false, err
		}
		_, rest, _ := strings.Cut(string(text), "CREATE TABLE "+r.table+" (")
		columns, _, found := strings.Cut(rest, ";\n")
		if !found {
			return false, fmt.Errorf("migration %s: does not make the table %s", r.migration, r.table)
		}
		if _, err := tx.ExecContext(ctx, "CREATE TABLE "+r.table+" ("+columns); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

// tableNames is an expression for the names of the tables, with commas.
const tableNames = `(SELECT coalesce(group_concat(name), '') FROM sqlite_schema WHERE type = 'table')`
