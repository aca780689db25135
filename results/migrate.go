package results

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// applicationID marks the file as ours in its header: "nerb".
const applicationID = 0x6e657262

// inspect looks at the file without changing it and returns the version of its
// schema, 0 for an empty file, and the parameter that opens it for reading. It
// is an error if there is no file, or one that must be left alone.
func inspect(ctx context.Context, path string, c config) (version int, mode string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, "", errors.Unwrap(err)
	}
	mode = "mode=ro"
	if info.Size() == 0 {
		return 0, mode, nil
	}
	h, err := readHeader(ctx, path, mode, c)
	if unopenable(err) && !exists(path+"-wal") {
		// In a folder that cannot be written, SQLite cannot make the file by which
		// readers and writers of a log agree. There is neither log nor writer.
		mode = "immutable=1"
		h, err = readHeader(ctx, path, mode, c)
	}
	if err != nil {
		return 0, "", err
	}
	last, err := latest(c.migrations)
	switch {
	case err != nil:
		return 0, "", err
	case h == header{}:
		return 0, mode, nil
	case h.application != applicationID:
		return 0, "", fmt.Errorf("%w: a database of another program", ErrNotStore)
	case h.version > last:
		return 0, "", fmt.Errorf("%w: schema %d, here %d", ErrNewer, h.version, last)
	}
	return h.version, mode, nil
}

// header is what tells a store from other databases; zero if nothing was
// written yet.
type header struct {
	application, version, objects int
}

func readHeader(ctx context.Context, path, mode string, c config) (h header, err error) {
	db := pool(path, 1, append([]string{mode}, pragmas(fmt.Sprintf("busy_timeout(%d)", c.wait.Milliseconds()))...))
	defer db.Close()
	const q = `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_application_id, pragma_user_version`
	err = db.QueryRowContext(ctx, q).Scan(&h.application, &h.version, &h.objects)
	return h, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// migrate brings the schema to its latest version, in one transaction. Taking
// the lock for it shows at once whether the store can be written.
func migrate(ctx context.Context, db *sql.DB, migrations fs.FS) error {
	names, err := numbered(migrations)
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
		// a version that inspect will refuse the next time.
		return nil
	}
	for _, name := range names[version:] {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	header := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(names))
	if _, err := tx.ExecContext(ctx, header); err != nil {
		return err
	}
	return tx.Commit()
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
