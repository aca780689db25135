package site

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestLazyEqualsBuild checks that the files that are made on demand are those of a
// build, byte for byte, in whatever order they are asked for.
func TestLazyEqualsBuild(t *testing.T) {
	dir, board, archive := answeredSite(t, 30)
	l, err := Open(board, archive, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	files := 0
	var wait sync.WaitGroup
	defer wait.Wait()
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if name == listName { // has the checksums of all files
			return nil
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		wait.Go(func() {
			got, err := l.File(name)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, %v; the build has %d", name, len(got), err, len(want))
			}
		})
		return nil
	})
	if err != nil || files < 60 {
		t.Errorf("%d files, %v", files, err)
	}
	wait.Wait()
	for _, name := range []string{"", "nosuch", "../x", "data/../../x", "data", "data/", "data/d/nosuch/passages.js", "data/runs/run-a/nosuch.js", "data/runs/run-a/../../x", listName} {
		if _, err := l.File(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: error is %v", name, err)
		}
	}
	cache := l.folder.dir
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(cache); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary folder stays: %v", err)
	}
}
