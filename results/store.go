package results

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations/*.sql
var embedded embed.FS

// Store is an open store. Its methods may be called concurrently.
type Store struct {
	path      string
	read      *sql.DB // several read-only connections
	write     *sql.DB // one connection; nil if the store is read-only
	lookups   [len(lookupSizes)]*sql.Stmt
	readBlock blockStatements

	record recordStatements // statements of write
	claims claims
	own    own
}

// config holds the settings that tests vary.
type config struct {
	migrations fs.FS
	steps      map[string]step // by the name of the migration that it completes
	wait       time.Duration   // maximum wait for the lock of another process
	pragmas    []string        // additional pragmas of the writing connection
}

// step is the part of a migration that SQL cannot express.
type step func(context.Context, *sql.Tx) error

// lockWait is the maximum wait for a transaction of another process. A transaction
// takes milliseconds, but the lock is not a fair queue.
const lockWait = 30 * time.Second

// readers is the number of connections for reading. readCache and writeCache are
// the sizes of a connection's page cache in KiB: together less than 64 MiB, for any
// size of the store.
const (
	readers    = 4
	readCache  = 6 << 10
	writeCache = 32 << 10
)

func defaults() config {
	migrations, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the name is a constant and valid
	}
	return config{
		migrations: migrations,
		steps:      map[string]step{"0004_dataset.sql": renameKey, "0005_checksums.sql": addChecksums, "0009_source.sql": addSources},
		wait:       lockWait,
	}
}

// Mode is the behaviour of [Open] if there is no store.
type Mode int

// The modes.
const (
	Existing Mode = iota // an error, which wraps [fs.ErrNotExist]
	Create               // a new store
	// Temporary is Create for a store that is removed after its use: commits do not wait
	// for the disk, and a power cut may damage it.
	Temporary
)

// Open opens the store at path for reading and writing, and upgrades an older
// schema. A file that is not a database, another program's database, and a newer
// schema are errors, and the file stays unchanged. [Existing] creates no file.
func Open(ctx context.Context, path string, mode Mode) (*Store, error) {
	return open(ctx, path, mode, defaults())
}

// emptyError reports a file without a store, which can become one: a store that lost its
// content must not look like a store without runs.
type emptyError struct{}

func (emptyError) Error() string { return "is empty" }

// Is makes the error an [fs.ErrNotExist].
func (emptyError) Is(target error) bool { return target == fs.ErrNotExist }

func open(ctx context.Context, path string, mode Mode, c config) (*Store, error) {
	version, err := inspect(ctx, path, c)
	if err == nil && version == 0 && mode == Existing {
		err = emptyError{}
	}
	if err != nil && !(mode != Existing && errors.Is(err, fs.ErrNotExist)) {
		return nil, fault(path, err)
	}
	access := shared
	if mode != Existing {
		access = "mode=rwc"
		createPrivate(path)
	}
	if mode == Temporary {
		c.pragmas = append(slices.Clone(c.pragmas), "synchronous(off)") // after the other
	}
	s := emptyStore(path)
	s.write = pool(path, 1, append([]string{access, "_txlock=immediate"}, pragmas(append([]string{
		fmt.Sprintf("busy_timeout(%d)", c.wait.Milliseconds()), // first: the later steps may have to wait
		"journal_mode(wal)",
		"synchronous(full)",
		"foreign_keys(on)",
		fmt.Sprintf("cache_size(-%d)", writeCache),
	}, c.pragmas...)...)...))
	err = migrateWithRetry(ctx, s.write, c)
	if err == nil {
		s.record, err = prepareRecord(ctx, s.write)
	}
	if err != nil {
		s.write.Close()
		return nil, fault(path, err)
	}
	if err := s.openReaders(ctx, c, shared); err != nil {
		s.write.Close()
		return nil, fault(path, err)
	}
	return s, nil
}

// createPrivate creates an empty file that only the user can read, if there is none.
// SQLite gives the files beside it the same permissions. Errors are those of opening
// the store.
func createPrivate(path string) {
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err == nil {
		_ = f.Close()
	}
}

// shared opens a file that other processes may write. Readers use it, too, with a
// pragma that prevents writing: a connection that cannot write at all leaves an
// empty log when it closes.
const shared = "mode=rw"

// OpenReadOnly opens a store for reading only, and never changes its content. It
// returns an error if there is no store (wrapping [fs.ErrNotExist]), or if its
// schema is older ([ErrOlder]).
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	return openReadOnly(ctx, path, defaults())
}

func openReadOnly(ctx context.Context, path string, c config) (*Store, error) {
	version, err := inspect(ctx, path, c)
	if err != nil {
		return nil, fault(path, err)
	}
	if last, err := latest(c.migrations); err != nil {
		return nil, fault(path, err)
	} else if version == 0 { // its creation was interrupted, or its log was lost
		return nil, fault(path, emptyError{})
	} else if version < last {
		return nil, fault(path, fmt.Errorf("%w: schema %d, this program has %d; any command that writes upgrades it", ErrOlder, version, last))
	}
	s := emptyStore(path)
	err = s.openReaders(ctx, c, shared)
	if (unopenable(err) || noRoom(err)) && !hasLog(path) {
		// In a read-only folder, or on a full disk, SQLite cannot create the files for
		// coordination. There is neither a log nor a writer.
		err = s.openReaders(ctx, c, immutable)
	}
	if err != nil {
		return nil, fault(path, err)
	}
	return s, nil
}

func emptyStore(path string) *Store {
	return &Store{path: path, claims: claims{here: newClaim(), beats: map[string]func(){}}}
}

func (s *Store) openReaders(ctx context.Context, c config, mode string) error {
	s.read = pool(s.path, readers, append([]string{mode}, pragmas(
		fmt.Sprintf("busy_timeout(%d)", c.wait.Milliseconds()),
		"query_only(on)",
		fmt.Sprintf("cache_size(-%d)", readCache),
	)...))
	for i, n := range lookupSizes {
		stmt, err := s.read.PrepareContext(ctx, lookupSQL(n))
		if err != nil {
			s.read.Close()
			return err
		}
		s.lookups[i] = stmt
	}
	var err error
	if s.readBlock, err = prepareBlock(ctx, s.read); err != nil {
		s.read.Close()
	}
	return err
}

// Close closes the store. Writers and iterations must have ended.
func (s *Store) Close() error {
	err := errors.Join(s.releaseAll(), s.read.Close())
	if s.write != nil {
		// The last connection to close moves the log into the file and removes it.
		err = errors.Join(err, s.write.Close())
	}
	return s.fault(err)
}

// writable returns the connection that writes.
func (s *Store) writable() (*sql.DB, error) {
	if s.write == nil {
		return nil, s.fault(errors.New("opened for reading only"))
	}
	return s.write, nil
}

// pool returns a pool of up to n connections, which are opened when needed.
func pool(path string, n int, params []string) *sql.DB {
	db, err := sql.Open("sqlite", dsn(path, params))
	if err != nil {
		panic(err) // only if the driver is not linked
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db
}

func pragmas(values ...string) []string {
	for i, v := range values {
		values[i] = "_pragma=" + v
	}
	return values
}

// dsn writes path as a URI, so that no character in it has a special meaning.
func dsn(path string, params []string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a volume name
	}
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join(params, "&")
}
