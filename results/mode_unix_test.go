//go:build unix

package results

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Only the user can read a new store, also while it is written, whatever the umask is.
// A store that exists keeps its permissions.
func TestModeOfNewStore(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	path := filepath.Join(dir, "results.db")
	for _, mode := range []os.FileMode{0o600, 0o664} {
		s, err := Open(t.Context(), path, Create)
		must(t, err)
		entries, err := os.ReadDir(dir)
		must(t, err)
		if len(entries) < 2 {
			t.Errorf("%d files of an open store, want its log, too", len(entries))
		}
		for _, e := range entries {
			info, err := e.Info()
			must(t, err)
			if info.Mode().Perm() != mode {
				t.Errorf("%s: mode %v, want %v", e.Name(), info.Mode().Perm(), mode)
			}
		}
		must(t, s.Close())
		must(t, os.Chmod(path, 0o664))
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the folder has another mode: %v, %v", info.Mode(), err)
	}
}

// Copies of a store can be read by the user only, too.
func TestModeOfCopies(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	s := openAt(t, filled(t, 3))
	backup, recovered := s.path+".backup", s.path+".recovered"
	must(t, s.Backup(t.Context(), backup))
	_, err := s.Recover(t.Context(), recovered)
	must(t, err)
	for _, path := range []string{backup, recovered} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want 0600", path, info.Mode(), err)
		}
	}
}

// A merged store can be read by the user only, or by whom the store could that it
// replaces.
func TestModeOfMergedStores(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	from, path := storeWith(t, everything), filepath.Join(t.TempDir(), "merged.db")
	for _, mode := range []os.FileMode{0o600, 0o664} {
		_, err := Merge(t.Context(), []string{from}, path)
		must(t, err)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("mode %v, %v, want %v", info.Mode(), err, mode)
		}
		must(t, os.Chmod(path, 0o664))
	}
}
