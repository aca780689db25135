package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"nerbench/internal/reference"
)

var errWrite = errors.New("disk full")

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func TestWrite(t *testing.T) {
	for name, tc := range map[string]struct {
		before string // previous content of the file; empty: there is no file
		write  func(io.Writer) error
		want   string // new content; empty: there is no file
		err    error
	}{
		"new file":             {"", text("after"), "after", nil},
		"replaced":             {"before, longer", text("after"), "after", nil},
		"failed, no file":      {"", failing, "", errWrite},
		"failed, file is kept": {"before", failing, "before", errWrite},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "a", "b")
			path := filepath.Join(folder, "x")
			if tc.before != "" {
				if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(path, []byte(tc.before), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			if err := Write(path, tc.write); !errors.Is(err, tc.err) {
				t.Errorf("error %v, want %v", err, tc.err)
			}
			check(t, folder, tc.want)
		})
	}
}

// failing writes more than a buffer holds and then fails.
func failing(w io.Writer) error {
	if _, err := w.Write(make([]byte, 1<<20)); err != nil {
		return err
	}
	return errWrite
}

// check compares the content of the file x, which must be the only file of its folder.
func check(t *testing.T, folder, want string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(folder, "x"))
	if string(got) != want || (err == nil) != (want != "") {
		t.Errorf("content %q, error %v, want %q", got, err, want)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "x" {
			t.Errorf("%s is left in the folder", e.Name())
		}
	}
}

func TestWriteLeavesNothingAfterPanic(t *testing.T) {
	folder := t.TempDir()
	func() {
		defer func() { _ = recover() }()
		_ = Write(filepath.Join(folder, "x"), func(io.Writer) error { panic("x") })
	}()
	check(t, folder, "")
}

// A folder cannot be replaced by a file.
func TestWriteToFolder(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "x", "y"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(folder, "x"), text("after")); err == nil {
		t.Error("no error")
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files, error %v, want only the folder", len(entries), err)
	}
}

// Several writers of one file at the same time: the file has the whole content of
// one of them.
func TestConcurrentWrites(t *testing.T) {
	folder := t.TempDir()
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			if err := Write(filepath.Join(folder, "x"), text("after")); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	check(t, folder, "after")
}

// Below a folder: only the user can read new files, a replaced file keeps its
// permissions, and nothing is written outside.
func TestWriteIn(t *testing.T) {
	outer := t.TempDir()
	path := filepath.Join(outer, "folder")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	folder, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := WriteIn(folder, "a/b/x", text("after")); err != nil {
		t.Fatal(err)
	}
	check(t, filepath.Join(path, "a", "b"), "after")
	modes := func(want ...os.FileMode) {
		t.Helper()
		for i, name := range []string{".", "a", "a/b", "a/b/x"} {
			if info, err := folder.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want[i] {
				t.Errorf("%s: mode %v, error %v, want %v", name, info.Mode().Perm(), err, want[i])
			}
		}
	}
	modes(0o755, 0o700, 0o700, 0o600)
	if err := errors.Join(folder.Chmod("a", 0o750), folder.Chmod("a/b/x", 0o640), WriteIn(folder, "a/b/x", text("again"))); err != nil {
		t.Fatal(err)
	}
	check(t, filepath.Join(path, "a", "b"), "again")
	modes(0o755, 0o750, 0o700, 0o640)
	if err := folder.Symlink("..", "out"); err != nil {
		reference.Skip(t, "cannot create links: "+err.Error())
	}
	for _, name := range []string{"../x", "out/x", "a/../../x"} {
		if err := WriteIn(folder, name, text("x")); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if entries, err := os.ReadDir(outer); err != nil || len(entries) != 1 {
		t.Errorf("%d entries beside the folder, %v", len(entries)-1, err)
	}
}
