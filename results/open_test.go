package results

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var openings = map[string]func(context.Context, string) (*Store, error){
	"for writing": openExisting, "read-only": OpenReadOnly,
}

func openExisting(ctx context.Context, path string) (*Store, error) { return Open(ctx, path, Existing) }

func TestFailedOpenChangesNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		make func(path string) error
		want error
	}{
		"text":        {func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("some text\n", 1000)), 0o644) }, ErrNotStore},
		"short text":  {func(p string) error { return os.WriteFile(p, []byte("x"), 0o644) }, ErrNotStore},
		"zeros":       {func(p string) error { return os.WriteFile(p, make([]byte, 8192), 0o644) }, ErrNotStore},
		"a database":  {func(p string) error { return makeDatabase(p, "CREATE TABLE t (x)") }, ErrNotStore},
		"with a log":  {func(p string) error { return makeDatabase(p, "PRAGMA journal_mode = wal; CREATE TABLE t (x)") }, ErrNotStore},
		"its version": {func(p string) error { return makeDatabase(p, "CREATE TABLE t (x); PRAGMA user_version = 1") }, ErrNotStore},
		"other id":    {func(p string) error { return makeDatabase(p, "PRAGMA application_id = 7") }, ErrNotStore},
	} {
		for how, open := range openings {
			t.Run(name+" "+how, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "results.db")
				must(t, tc.make(path))
				before := folder(t, filepath.Dir(path))
				s, err := open(t.Context(), path)
				if !errors.Is(err, tc.want) {
					t.Errorf("error %v, want %v", err, tc.want)
				}
				if err == nil {
					s.Close()
				} else if !strings.HasPrefix(err.Error(), "store: "+path+": ") {
					t.Errorf("error %v does not name the file", err)
				}
				if after := folder(t, filepath.Dir(path)); !maps.Equal(after, before) {
					t.Errorf("files changed from %v to %v", before, after)
				}
			})
		}
	}
}

func makeDatabase(path, statements string) error {
	db := pool(path, 1, nil)
	_, err := db.Exec(statements)
	return errors.Join(err, db.Close())
}

func TestOpenWithoutAFile(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o644))
	for _, tc := range []struct {
		path     string
		existing string // reasons
		create   string
	}{
		{filepath.Join(dir, "results.db"), "no such file or directory", ""},
		{filepath.Join(dir, "none", "results.db"), "no such file or directory", "its folder: no such file or directory"},
		{dir, "is a folder", "is a folder"},
		{filepath.Join(file, "results.db"), "its folder: not a directory", "its folder: not a directory"},
	} {
		for how, open := range openings {
			_, err := open(t.Context(), tc.path)
			if err == nil || err.Error() != "store: "+tc.path+": "+tc.existing {
				t.Errorf("%s %s: error %v, want %q", tc.path, how, err, tc.existing)
			}
			if absent := strings.HasPrefix(tc.existing, "no such"); errors.Is(err, fs.ErrNotExist) != absent {
				t.Errorf("%s %s: %v is ErrNotExist: %v", tc.path, how, err, !absent)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
				t.Errorf("opening %s made %v, %v", how, entries, err)
			}
		}
		if tc.create != "" {
			if _, err := Open(t.Context(), tc.path, Create); err == nil || err.Error() != "store: "+tc.path+": "+tc.create {
				t.Errorf("%s: error %v, want %q", tc.path, err, tc.create)
			}
		}
	}
}

// TestEmptyFileIsNewStore checks that an empty temporary file can become a store.
func TestEmptyFileIsNewStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c=d#%41&.db")
	must(t, os.WriteFile(path, nil, 0o644))
	for how, open := range map[string]func(context.Context, string) (*Store, error){"read-only": OpenReadOnly, "existing": openExisting} {
		if _, err := open(t.Context(), path); !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), ": is empty") {
			t.Errorf("%s: %v, want that it is empty", how, err)
		}
	}
	s := openAt(t, path)
	must(t, s.Begin(t.Context(), testRun("m"), 1))
	must(t, s.Close())
	if files := folder(t, filepath.Dir(path)); len(files) != 1 || files[filepath.Base(path)] == "" {
		t.Errorf("files %v, want only the store", files)
	}
}

func TestReadOnlyChangesNothing(t *testing.T) {
	path := filled(t, 3)
	before := folder(t, filepath.Dir(path))
	s, err := OpenReadOnly(t.Context(), path)
	must(t, err)
	if got := collect(t, s, testRun("m").ID()); len(got) != 3 {
		t.Errorf("%d passages, want 3", len(got))
	}
	for name, err := range map[string]error{
		"Begin":      s.Begin(t.Context(), testRun("n"), 1),
		"End":        s.End(t.Context(), testRun("m").ID()),
		"Record":     s.Record(t.Context(), testRun("m").ID(), testPassages("q", 1), nil),
		"SaveScores": s.SaveScores(t.Context(), testRun("m").ID(), Scores{}),
		"Remove":     s.Remove(t.Context(), testRun("m").ID()),
	} {
		if err == nil || !strings.Contains(err.Error(), "opened for reading only") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	must(t, s.Close())
	if after := folder(t, filepath.Dir(path)); !maps.Equal(after, before) {
		t.Errorf("files changed from %v to %v", before, after)
	}
}

func TestConcurrentOpenOfNewStore(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "results.db")
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				s, err := Open(context.Background(), path, Create)
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Begin(context.Background(), testRun(string(rune('a'+i))), 1); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		runs, err := openAt(t, path).Runs(t.Context(), nil)
		must(t, err)
		if len(runs) != 8 {
			t.Errorf("%d runs, want 8", len(runs))
		}
	}
}

func TestLockedByAnotherProcess(t *testing.T) {
	path := filled(t, 2)
	impatient := defaults()
	impatient.wait = 10 * time.Millisecond
	s, err := open(t.Context(), path, Create, impatient)
	must(t, err)
	defer s.Close()

	other := raw(t, path)
	_, err = other.Exec("BEGIN IMMEDIATE")
	must(t, err)
	if _, err := open(t.Context(), path, Create, impatient); !errors.Is(err, ErrLocked) {
		t.Errorf("opening: %v, want ErrLocked", err)
	}
	if err := s.Begin(t.Context(), testRun("n"), 1); !errors.Is(err, ErrLocked) {
		t.Errorf("writing: %v, want ErrLocked", err)
	}
	if got := collect(t, s, testRun("m").ID()); len(got) != 2 {
		t.Errorf("reading: %d passages, want 2", len(got))
	}
	reader, err := openReadOnly(t.Context(), path, impatient)
	must(t, err)
	must(t, reader.Close())

	_, err = other.Exec("ROLLBACK")
	must(t, err)
	must(t, s.Begin(t.Context(), testRun("n"), 1))
}

func TestWriterWaitsForAnother(t *testing.T) {
	path := filled(t, 2)
	s := openAt(t, path)
	other := raw(t, path)
	_, err := other.Exec("BEGIN IMMEDIATE")
	must(t, err)
	begun := make(chan error)
	go func() { begun <- s.Begin(context.Background(), testRun("n"), 1) }()
	select {
	case err := <-begun:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	_, err = other.Exec("COMMIT")
	must(t, err)
	must(t, <-begun)
}
