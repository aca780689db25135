package results

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// applicationID marks the file as ours in its header: "nerb".
const applicationID = 0x6e657262

// smallest is the size of the smallest database that SQLite makes. It takes a
// smaller file for an empty one and writes over it.
const smallest = 512

// inspect looks at the file without changing it or what lies beside it, and
// returns the version of its schema, 0 for an empty file. It is an error if there
// is no file, or one that must be left alone.
func inspect(ctx context.Context, path string, c config) (version int, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return 0, errors.Unwrap(err)
	case info.IsDir():
		return 0, errors.New("is a folder")
	case !info.Mode().IsRegular():
		return 0, errors.New("is not a file")
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
		return 0, fmt.Errorf("%w: schema %d, here %d", ErrNewer, h.version, last)
	}
	return h.version, nil
}

// header is what tells a store from other databases; zero if nothing was
// written yet.
type header struct {
	application, version, objects int
}

// readHeader reads the header, with what a log says of it.
func readHeader(ctx context.Context, path string, c config) (header, error) {
	if hasLog(path) {
		return readHeaderIn(ctx, path, "mode=ro", c)
	}
	h, err := readHeaderIn(ctx, path, immutable, c)
	if err == nil {
		return h, nil
	}
	// Another process may have begun to write since. With locks, it is known.
	locked, lockedErr := readHeaderIn(ctx, path, "mode=ro", c)
	if unopenable(lockedErr) {
		return h, err
	}
	return locked, lockedErr
}

func readHeaderIn(ctx context.Context, path, mode string, c config) (h header, err error) {
	db := pool(path, 1, append([]string{mode}, pragmas(fmt.Sprintf("busy_timeout(%d)", c.wait.Milliseconds()))...))
	defer db.Close()
	const q = `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_application_id, pragma_user_version`
	err = db.QueryRowContext(ctx, q).Scan(&h.application, &h.version, &h.objects)
	return h, err
}

// immutable opens a file that nobody is writing: without locks, and without the
// files by which readers and writers agree.
const immutable = "immutable=1"

// hasLog reports whether a write-ahead log with something in it lies beside the
// file: somebody is writing it, or was killed.
func hasLog(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// migratePatiently migrates, and waits for others. While several processes make
// one and the same new store, SQLite does not wait but fails at once, so that no
// two of them wait for each other.
func migratePatiently(ctx context.Context, db *sql.DB, c config) error {
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

// migrate brings the schema to its latest version, in one transaction. It finds
// out at once whether the store can be written.
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
	if version >= len(names) {
		// Current; or another process has upgraded it since it was inspected, to
		// a version that inspect will refuse the next time. SQLite begins a
		// transaction on a read-only file, too, and fails with the first change: this
		// is one, and it is rolled back.
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	}
	for _, name := range names[version:] {
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

// apply does one migration: its SQL, then its step, if it has one.
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
