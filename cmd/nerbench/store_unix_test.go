//go:build unix

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUnwritableStore: a store that cannot be written is an error before the model is
// opened, whether the store exists or not.
func TestUnwritableStore(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t, 3, 0)
	w.must("run", "-q", "-m", "ollama/tiny", "-d", "mini", "--store", "old.db")
	err := filepath.WalkDir(w.dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chmod(path, 0o755))
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{"old.db": 0o444, "closed": os.ModeDir | 0o555} {
		if mode.IsDir() {
			if err := os.Mkdir(filepath.Join(w.dir, path), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(filepath.Join(w.dir, path), mode.Perm()); err != nil {
			t.Fatal(err)
		}
	}
	for dir := w.dir; dir != filepath.Clean(os.TempDir()) && dir != "/" && os.Chmod(dir, 0o755) == nil; dir = filepath.Dir(dir) {
	}
	if err := os.Chmod(w.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		store  string
		opened bool
	}{{"old.db", false}, {"closed/new.db", false}, {"new.db", true}} {
		cmd := w.program("run", "-q", "-m", "exec/x", "--command", "touch opened", "-d", "mini", "--store", tc.store)
		cmd.Env = append(cmd.Env, "HOME="+w.dir, "XDG_CONFIG_HOME="+w.dir)
		if os.Geteuid() == 0 { // make permissions effective
			cmd.Path = "/proc/self/exe"
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, _ := cmd.CombinedOutput() // the exit code tells
		_, err := os.Stat(filepath.Join(w.dir, "opened"))
		refused := strings.Contains(string(out), "store: "+tc.store+": cannot be written: read-only file or folder") && strings.Contains(string(out), "hint: change the permissions")
		if code := cmd.ProcessState.ExitCode(); code != exitError || (err == nil) != tc.opened || refused == tc.opened {
			t.Errorf("%s: exit code %d, the program was started: %v\n%s", tc.store, code, err == nil, out)
		}
	}
}
