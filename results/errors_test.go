package results

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"nerbench/internal/filesystem"
)

// TestFileSystemErrors: errors of locks, and input and output errors where the disk is not
// known to be local, name network file systems.
func TestFileSystemErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	raw := errors.New("disk I/O error")
	for name, c := range map[string]struct {
		code int
		want string
	}{
		"protocol":       {sqlite3.SQLITE_PROTOCOL, "its locks fail, as on a network file system"},
		"lock":           {sqlite3.SQLITE_IOERR_LOCK, "its locks fail"},
		"read lock":      {sqlite3.SQLITE_IOERR_RDLOCK, "its locks fail"},
		"shared memory":  {sqlite3.SQLITE_IOERR_SHMMAP, "its locks fail"},
		"missing folder": {sqlite3.SQLITE_IOERR_READ, "cannot be read or written: disk I/O error (a broken disk, or a network file system)"},
	} {
		if err := reasonOf(filepath.Join(path, "missing"), c.code, raw); !errors.Is(err, ErrFileSystem) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if err := reasonOf(path, sqlite3.SQLITE_ERROR, raw); err != raw {
		t.Errorf("another error: %v", err)
	}
	local, network := ioError{filesystem.Kind{Name: "ext4"}, raw}, ioError{filesystem.Kind{Name: "nfs", Network: true}, raw}
	if errors.Is(local, ErrFileSystem) || !errors.Is(local, raw) || local.Error() != "cannot be read or written: disk I/O error (file system ext4)" {
		t.Errorf("a local disk: %v", local)
	}
	if !errors.Is(network, ErrFileSystem) || network.Error() != "cannot be read or written: disk I/O error (a broken disk, or this network file system (nfs))" {
		t.Errorf("a network file system: %v", network)
	}
	if err := (lockError{network.Kind}); err.Error() != "its locks fail, as on this network file system (nfs)" {
		t.Errorf("locks: %v", err)
	}
}
