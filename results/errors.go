package results

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"nerbench/internal/filesystem"
)

// Reasons why an operation of a store fails. Errors of this package wrap them and
// have the form "store: PATH: reason".
var (
	ErrNotStore = errors.New("not a nerbench store")                        // another program's database, or not a database
	ErrNewer    = errors.New("written by a newer nerbench")                 // its schema is newer than this program
	ErrOlder    = errors.New("written by an older nerbench")                // opened for reading, so not upgraded
	ErrLocked   = errors.New("locked by another process")                   // for longer than the maximum wait
	ErrFull     = errors.New("disk full: committed answers are kept")       // the last transaction is lost
	ErrReadOnly = errors.New("cannot be written: read-only file or folder") // or a read-only file system
	ErrDamaged  = errors.New("damaged: the database is malformed")          // or answers are missing
	ErrInUse    = errors.New("in use by another process, or left with a log by one that was killed")
	// ErrFileSystem: the file is on a network file system, or it seems so.
	ErrFileSystem = errors.New("a network file system")
	ErrNoRun      = errors.New("no such run")
	ErrAmbiguous  = errors.New("ambiguous")     // several runs fit
	ErrFolder     = errors.New("is a folder")   // instead of a file
	ErrNotFile    = errors.New("is not a file") // such as a pipe
	ErrNoFolder   = errors.New("its folder")    // does not exist, or is not a folder: the reason follows
	ErrNoScore    = errors.New("not scored")    // with the requested metric
)

// fault adds the path of the store to an error, and replaces codes of SQLite by reasons.
func (s *Store) fault(err error) error { return fault(s.path, err) }

func fault(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: %s: %w", path, reason(path, err))
}

// reason translates the codes of SQLite for which a user can do something.
func reason(path string, err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	if strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "no such column") {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return reasonOf(path, e.Code(), err)
}

// reasonOf is [reason] for an error with an extended code.
func reasonOf(path string, code int, err error) error {
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrLocked
	case sqlite3.SQLITE_FULL:
		return ErrFull
	case sqlite3.SQLITE_READONLY:
		return ErrReadOnly
	case sqlite3.SQLITE_NOTADB:
		return ErrNotStore
	case sqlite3.SQLITE_CORRUPT:
		return ErrDamaged
	case sqlite3.SQLITE_INTERRUPT:
		return context.Canceled
	case sqlite3.SQLITE_CANTOPEN:
		return cannotOpen(path)
	case sqlite3.SQLITE_PROTOCOL:
		return lockError{filesystem.Of(path)}
	case sqlite3.SQLITE_IOERR:
		return cannotUse(path, code, err)
	}
	return err
}

// fileLimitError reports that a file of the store would be larger than the process may
// make files.
type fileLimitError struct{}

func (fileLimitError) Error() string {
	return "file too large for the limit of file sizes (ulimit -f): committed answers are kept"
}

// Is makes the error an [ErrFull].
func (fileLimitError) Is(target error) bool { return target == ErrFull }

// lockError reports a file system whose locks or shared memory do not work.
type lockError struct{ filesystem.Kind }

func (e lockError) Error() string { return "its locks fail, as on " + aNetwork(e.Kind) }

// Is makes the error an [ErrFileSystem].
func (lockError) Is(target error) bool { return target == ErrFileSystem }

// ioError reports that a file cannot be read or written.
type ioError struct {
	filesystem.Kind
	err error
}

func (e ioError) Error() string {
	where := " (a broken disk, or " + aNetwork(e.Kind) + ")"
	if e.Name != "" && !e.Network {
		where = " (file system " + e.Name + ")"
	}
	return fmt.Sprintf("cannot be read or written: %v%s", e.err, where)
}

func (e ioError) Unwrap() error { return e.err }

// Is makes the error an [ErrFileSystem], unless the file is on a local disk.
func (e ioError) Is(target error) bool {
	return target == ErrFileSystem && (e.Network || e.Name == "")
}

// aNetwork describes a network file system.
func aNetwork(k filesystem.Kind) string {
	if k.Network {
		return "this network file system (" + k.Name + ")"
	}
	return "a network file system"
}

// cannotUse returns the reason why a file cannot be read or written.
func cannotUse(path string, code int, err error) error {
	switch code {
	case sqlite3.SQLITE_IOERR_LOCK, sqlite3.SQLITE_IOERR_RDLOCK, sqlite3.SQLITE_IOERR_UNLOCK, sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK, sqlite3.SQLITE_IOERR_BLOCKED,
		sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMLOCK, sqlite3.SQLITE_IOERR_SHMMAP:
		return lockError{filesystem.Of(path)}
	}
	if reason := cannotWrite(path, code, err); reason != err {
		return reason
	}
	return ioError{filesystem.Of(path), err}
}

// removed is more than SQLite writes to a store and removes again when a part of the
// transaction fails, but for large ones, which it writes to the log.
const removed = 1 << 20

// cannotWrite returns the reason why a file cannot be written, which SQLite reports only
// where the disk is full, not for a quota, a limit, or its index of the log. It tries to
// write at the end of a file of the same size, and to make one that is larger by what
// SQLite may have removed after the failure.
func cannotWrite(path string, code int, err error) error {
	switch code {
	case sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_SHMSIZE:
	default:
		return err
	}
	var end int64
	for _, ending := range []string{"", "-wal", "-shm", "-journal"} {
		if info, err := os.Stat(path + ending); err == nil {
			end = max(end, info.Size())
		}
	}
	f, tempErr := os.CreateTemp(filepath.Dir(path), ".nerbench-*.tmp")
	if tempErr != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	_, writeErr := f.WriteAt(make([]byte, 1<<16), end)
	switch writeErr = errors.Join(writeErr, f.Sync(), f.Truncate(end+removed)); {
	case errors.Is(writeErr, syscall.EFBIG):
		return fileLimitError{}
	case errors.Is(writeErr, syscall.ENOSPC), errors.Is(writeErr, syscall.EDQUOT), code == sqlite3.SQLITE_IOERR_SHMSIZE:
		return ErrFull
	}
	return err
}

// cannotOpen returns the reason why a file cannot be opened, which SQLite does not report.
func cannotOpen(path string) error {
	if _, statErr := os.Stat(filepath.Dir(path)); statErr != nil {
		return fmt.Errorf("%w: %w", ErrNoFolder, errors.Unwrap(statErr))
	}
	return errors.New("cannot be opened or created: check the permissions of the file and of its folder")
}

// unopenable reports whether SQLite could not open a file, or could not create the
// additional files that it needs.
func unopenable(err error) bool {
	code := primary(err)
	return code == sqlite3.SQLITE_CANTOPEN || code == sqlite3.SQLITE_READONLY
}

// noRoom reports whether SQLite had no room for the index of the log, which it needs even
// to read.
func noRoom(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE || e.Code() == sqlite3.SQLITE_FULL)
}

// busy reports whether another connection holds a lock.
func busy(err error) bool { return primary(err) == sqlite3.SQLITE_BUSY }

// primary is the code of SQLite without its details; SQLITE_OK if err is not an
// error of SQLite.
func primary(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return sqlite3.SQLITE_OK
}
