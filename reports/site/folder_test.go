package site

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nerbench/internal/fault"
)

// put replaces dir by a folder with these files.
func put(ctx context.Context, dir string, files map[string]string) error {
	f, err := newFolder(ctx, dir, list{Format: listFormat, Program: "test", Files: map[string]string{}}, time.Time{})
	if err != nil {
		return err
	}
	defer f.abandon()
	for path, content := range files {
		if err := f.add(file{path, []byte(content)}); err != nil {
			return err
		}
	}
	_, err = f.finish()
	return err
}

func TestFolderIsReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "site")
	if err := put(t.Context(), dir, map[string]string{"index.html": "1", "m/x.html": "old"}); err != nil {
		t.Fatal(err)
	}
	if err := put(t.Context(), dir, map[string]string{"index.html": "2"}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "index.html")); string(got) != "2" {
		t.Errorf("index.html is %q (%v)", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "m")); err == nil {
		t.Error("a stale page is still there")
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("beside the site there are %v", left)
	}
}

func TestFoldersOfOthersAreRefused(t *testing.T) {
	write := func(name, content string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(content), 0o666)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tc := range map[string]struct {
		built bool // by an earlier build
		then  func(t *testing.T, dir string)
		want  string
	}{
		"a file, no site":     {false, write("thesis.tex", "x"), "thesis.tex was not written"},
		"another site.json":   {false, write(listName, `{"files":{}}`), "was not written"},
		"a new file":          {true, write("notes.txt", "x"), "notes.txt was not written"},
		"a file in a folder":  {true, write("m/notes.txt", "x"), "m/notes.txt was not written"},
		"an edited page":      {true, write("index.html", "edited"), "index.html was changed"},
		"a link in its place": {true, func(t *testing.T, dir string) { relink(t, filepath.Join(dir, "index.html")) }, "index.html was not written"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "site")
			if tc.built {
				if err := put(t.Context(), dir, map[string]string{"index.html": "1"}); err != nil {
					t.Fatal(err)
				}
			}
			tc.then(t, dir)
			err := put(t.Context(), dir, map[string]string{"index.html": "2"})
			var hint *fault.Hint
			if err == nil || !strings.Contains(err.Error(), tc.want) || !errors.As(err, &hint) {
				t.Errorf("error %v, want %q with a hint", err, tc.want)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "index.html")); string(got) == "2" {
				t.Error("the folder was replaced")
			}
			if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
				t.Errorf("beside the site there are %v", left)
			}
		})
	}
}

func relink(t *testing.T, path string) {
	t.Helper()
	if err := errors.Join(os.Remove(path), os.Symlink(listName, path)); err != nil {
		t.Fatal(err)
	}
}

func TestFolderKeepsTimes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	want := time.Unix(1_700_000_000, 0)
	f, err := newFolder(t.Context(), dir, list{Format: listFormat, Program: "test", Files: map[string]string{}}, want)
	if err != nil {
		t.Fatal(err)
	}
	err = f.add(file{"a.html", []byte("a")})
	if _, finished := f.finish(); errors.Join(err, finished) != nil {
		t.Fatal(err, finished)
	}
	for _, name := range []string{"a.html", listName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || !info.ModTime().Equal(want) {
			t.Errorf("%s: %v %v, want %v", name, info, err, want)
		}
	}
}

func TestNothingIsWrittenOutside(t *testing.T) {
	f, err := newFolder(t.Context(), filepath.Join(t.TempDir(), "site"), list{Format: listFormat, Program: "test", Files: map[string]string{}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.abandon()
	for _, path := range []string{"../x", "/tmp/x", "a/../../x", ""} {
		if err := f.add(file{path, nil}); err == nil {
			t.Errorf("%q was written", path)
		}
	}
}

func TestLeftFoldersAreRemoved(t *testing.T) {
	parent := t.TempDir()
	for _, name := range []string{"site.new-0123abcd", "site.new-0123abcd.old", "site.new-mine", "other.new-0123abcd"} {
		if err := os.MkdirAll(filepath.Join(parent, name, "m"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(t.Context(), filepath.Join(parent, "site"), map[string]string{"index.html": "1"}); err != nil {
		t.Fatal(err)
	}
	var names []string
	entries, _ := os.ReadDir(parent)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := []string{"other.new-0123abcd", "site", "site.new-mine"}; !slices.Equal(names, want) {
		t.Errorf("there are %q, want %q", names, want)
	}
}

// TestExisting checks which folders are taken for a whole site.
func TestExisting(t *testing.T) {
	b := generated(3, 4)
	for name, tc := range map[string]struct {
		change func(dir string) error
		want   bool
	}{
		"whole":   {func(string) error { return nil }, true},
		"changed": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "index.html"), []byte("x"), 0o600) }, false},
		"added":   {func(dir string) error { return os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600) }, false},
		"lost":    {func(dir string) error { return os.Remove(filepath.Join(dir, "index.html")) }, false},
		"no list": {func(dir string) error { return os.Remove(filepath.Join(dir, listName)) }, false},
		"removed": {os.RemoveAll, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "site")
			want, err := Build(t.Context(), dir, b, nil, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := tc.change(dir); err != nil {
				t.Fatal(err)
			}
			got, ok := Existing(dir)
			if want.Unchanged = true; ok != tc.want || ok && got != want {
				t.Errorf("%+v, %v, want %+v, %v", got, ok, want, tc.want)
			}
		})
	}
}
