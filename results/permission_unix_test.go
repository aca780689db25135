//go:build unix

package results

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asNobody makes permissions effective for the child, even if the tests are run by
// root.
func asNobody(cmd *exec.Cmd) {
	if os.Geteuid() == 0 {
		cmd.Path = "/proc/self/exe" // the folder of the test binary belongs to root
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
}

func TestPermissions(t *testing.T) {
	const denied = "cannot be written: read-only file or folder"
	for name, tc := range map[string]struct {
		folder, file os.FileMode
		want         []string
	}{
		"read-only file":   {0o777, 0o444, []string{"for writing: store: PATH: " + denied, "read-only: <nil>", "read-only: 3 passages"}},
		"read-only folder": {0o555, 0o666, []string{"for writing: store: PATH: " + denied, "read-only: <nil>", "read-only: 3 passages"}},
		"read-only both":   {0o555, 0o444, []string{"for writing: store: PATH: " + denied, "read-only: <nil>", "read-only: 3 passages"}},
		"unreadable file":  {0o777, 0o000, []string{"for writing: store: PATH: cannot be opened or created: check the permissions", "read-only: store: PATH: cannot be opened"}},
		"hidden folder":    {0o000, 0o666, []string{"for writing: store: PATH: permission denied", "read-only: store: PATH: permission denied"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filled(t, 3)
			dir := filepath.Dir(path)
			for parent := dir; parent != filepath.Clean(os.TempDir()) && parent != "/"; parent = filepath.Dir(parent) {
				if os.Chmod(parent, 0o755) != nil {
					break
				}
			}
			before := folder(t, dir)
			must(t, os.Chmod(path, tc.file))
			must(t, os.Chmod(dir, tc.folder))
			t.Cleanup(func() { os.Chmod(dir, 0o755) })
			cmd := childCommand(t, path, "open")
			asNobody(cmd)
			b, err := cmd.CombinedOutput()
			out := strings.ReplaceAll(string(b), path, "PATH")
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, want := range tc.want {
				if !strings.Contains(out, want) {
					t.Errorf("got\n%swant %q", out, want)
				}
			}
			must(t, os.Chmod(dir, 0o755))
			must(t, os.Chmod(path, 0o644))
			after := folder(t, dir)
			// A user who can write the folder but not the file leaves an empty log.
			delete(after, "results.db-shm")
			delete(after, "results.db-wal")
			if !maps.Equal(after, before) {
				t.Errorf("files changed from %v to %v", before, after)
			}
		})
	}
}

// TestCreatable: a folder is found that cannot have a new store, and nothing is created.
func TestCreatable(t *testing.T) {
	for name, tc := range map[string]struct {
		mode os.FileMode
		want string
	}{
		"writable":  {0o777, "<nil>"},
		"read-only": {0o555, "store: PATH: cannot be written: read-only file or folder"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.Chmod(filepath.Dir(dir), 0o755))
			must(t, os.Chmod(dir, tc.mode))
			path := filepath.Join(dir, "results.db")
			cmd := childCommand(t, path, "creatable")
			asNobody(cmd)
			out, err := cmd.CombinedOutput()
			if got := strings.TrimSpace(strings.ReplaceAll(string(out), path, "PATH")); err != nil || got != tc.want {
				t.Errorf("%v: %q, want %q", err, got, tc.want)
			}
			if files := folder(t, dir); len(files) > 0 {
				t.Errorf("files %v", files)
			}
		})
	}
}

// TestMergeIntoReadOnlyStore: a store that must not be written is not replaced.
func TestMergeIntoReadOnlyStore(t *testing.T) {
	from, into := storeWith(t, everything), storeWith(t, func(_, i int) (bool, bool) { return i == 0, true })
	dir := filepath.Dir(into)
	for _, path := range []string{filepath.Dir(from), dir} {
		for ; path != filepath.Clean(os.TempDir()) && path != "/" && os.Chmod(path, 0o755) == nil; path = filepath.Dir(path) {
		}
	}
	must(t, os.Chmod(from, 0o444))
	must(t, os.Chmod(into, 0o444))
	must(t, os.Chmod(dir, 0o777))
	before := folder(t, dir)
	cmd := childCommand(t, into, "merge", from)
	asNobody(cmd)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "store: "+into+": "+ErrReadOnly.Error()) {
		t.Errorf("%v: %s", err, out)
	}
	if after := folder(t, dir); !maps.Equal(after, before) {
		t.Errorf("files %v, before %v", after, before)
	}
}
