package results

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// applicationID marks the file as a store of this program in its header: "nerb".
const applicationID = 0x6e657262

// smallest is the size of the smallest database of SQLite. SQLite treats a smaller
// file as empty and overwrites it.
const smallest = 512

// inspect reads the version of the schema, 0 for an empty file, without changing the file
// or its folder. A store that lacks a table has the version before it. It returns an error
// if the file is missing or is not a store of this program.
func inspect(ctx context.Context, path string, c config) (version int, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return 0, fmt.Errorf("%w: %w", ErrNoFolder, errors.Unwrap(err))
	case err != nil:
		return 0, errors.Unwrap(err)
	case info.IsDir():
		return 0, ErrFolder
	case !info.Mode().IsRegular():
		return 0, ErrNotFile
	case info.Size() == 0:
		return 0, nil
	case info.Size() < smallest:
		return 0, ErrNotStore
	}
	last, err := latest(c.migrations)
	if err != nil {
		return 0, err
	}
	h, err := readHeader(ctx, path, c)
	switch {
	case err != nil:
		return 0, err
	case h == header{}:
		return 0, nil
	case h.application != applicationID:
		return 0, fmt.Errorf("%w: a database of another program", ErrNotStore)
	case h.version > last:
		return 0, fmt.Errorf("%w: schema %d, this program has %d", ErrNewer, h.version, last)
	}
	if places := lacking(h.version, strings.Split(h.tables, ",")); places != nil {
		return numberOf(recomputed[places[0]].migration) - 1, nil
	}
	return h.version, nil
}

// header distinguishes a store from other databases; it is zero for an empty file.
type header struct {
	application, version, objects int
	tables                        string // with commas
}

// readHeader reads the header, including changes in a write-ahead log.
func readHeader(ctx context.Context, path string, c config) (header, error) {
	if hasLog(path) {
		return readHeaderIn(ctx, path, "mode=ro", c)
	}
	h, err := readHeaderIn(ctx, path, immutable, c)
	if err == nil {
		return h, nil
	}
	// Another process may have begun to write since. The second read takes locks.
	locked, lockedErr := readHeaderIn(ctx, path, "mode=ro", c)
	if unopenable(lockedErr) {
		return h, err
	}
	return locked, lockedErr
}

func readHeaderIn(ctx context.Context, path, mode string, c config) (h header, err error) {
	db := pool(path, 1, append([]string{mode}, pragmas(fmt.Sprintf("busy_timeout(%d)", c.wait.Milliseconds()))...))
	defer db.Close()
	const q = `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema), ` + tableNames + `
		FROM pragma_application_id, pragma_user_version`
	err = db.QueryRowContext(ctx, q).Scan(&h.application, &h.version, &h.objects, &h.tables)
	return h, err
}

// immutable opens a file that no process writes, without locks and without creating
// shared-memory files.
const immutable = "immutable=1"

// hasLog reports whether the file has a write-ahead log that is not empty: a
// process is writing it, or was killed.
func hasLog(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// migrateWithRetry migrates, and retries while the store is locked. If several
// processes create the same store, SQLite returns an error at once instead of
// waiting, to prevent a deadlock.
func migrateWithRetry(ctx context.Context, db *sql.DB, c config) error {
	for end := time.Now().Add(c.wait); ; {
		err := migrate(ctx, db, c)
		if !busy(err) || time.Now().After(end) {
			return err
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// migrate upgrades the schema to its latest version, in one transaction. It also
// checks at once whether the store can be written.
func migrate(ctx context.Context, db *sql.DB, c config) error {
	names, err := numbered(c.migrations)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	repaired := false
	if version <= len(names) {
		if repaired, err = repair(ctx, tx, c, version); err != nil {
			return err
		}
	}
	if version >= len(names) && !repaired {
		// The schema is current, or another process has upgraded it since it was
		// inspected, to a version that inspect will reject next time. On a read-only
		// file, a transaction fails only at its first change, so this makes a change,
		// which is rolled back.
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	}
	for _, name := range names[min(version, len(names)):] {
		if err := c.apply(ctx, tx, name); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	header := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(names))
	if _, err := tx.ExecContext(ctx, header); err != nil {
		return err
	}
	return tx.Commit()
}

// apply performs one migration: its SQL, then its step, if it has one.
func (c config) apply(ctx context.Context, tx *sql.Tx, name string) error {
	text, err := fs.ReadFile(c.migrations, name)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return err
	}
	if step, ok := c.steps[name]; ok {
		return step(ctx, tx)
	}
	return nil
}

// latest is the number of the last migration.
func latest(migrations fs.FS) (int, error) {
	names, err := numbered(migrations)
	return len(names), err
}

// numbered lists the migrations, "0001_words.sql" first, without a gap.
func numbered(migrations fs.FS) ([]string, error) {
	names, err := fs.Glob(migrations, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if want := fmt.Sprintf("%04d_", i+1); !strings.HasPrefix(name, want) {
			return nil, fmt.Errorf("migration %s: expected number %s", name, want)
		}
	}
	return names, nil
}
