package repository

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/harness"
	"nerbench/internal/filetest"
	"nerbench/reports/site"
)

// TestUnchanged: a build of the same input verifies nothing, computes nothing and writes
// nothing. Every change is found, also one that leaves sizes and times as they were.
func TestUnchanged(t *testing.T) {
	b, dir := board(t)
	b.Datasets = t.TempDir()
	out := filepath.Join(t.TempDir(), "site")
	request := BuildRequest{Dir: dir, Out: out, Notes: filepath.Join(t.TempDir(), "notes")}
	request.Site.Version = "1"
	var verified atomic.Int64
	request.verified = func() { verified.Add(1) }
	build := func(name string, want int64) Built {
		t.Helper()
		verified.Store(0)
		built, err := Build(t.Context(), b, request)
		if err != nil || verified.Load() != want || built.Unchanged != (want == 0) || built.Runs == 0 || built.Models != 1 {
			t.Fatalf("%s: %d verified, want %d: %+v, %v", name, verified.Load(), want, built, err)
		}
		return built
	}
	first := build("first", 2)
	written := times(t, out)
	if again := build("again", 0); again.Files != first.Files || again.Bytes != first.Bytes || again.Computed != 0 || again.Cached != first.Computed || again.Folder != out {
		t.Errorf("again %+v, first %+v", again, first)
	}
	if now := times(t, out); now != written {
		t.Errorf("an unchanged build wrote files:\n%s\nbefore:\n%s", now, written)
	}

	file := only(t, filepath.Join(out, "index.html"))
	if err := os.WriteFile(file, []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(t.Context(), b, request); err == nil || !strings.Contains(err.Error(), "index.html was changed") {
		t.Errorf("a changed page: %v", err)
	}
	if err := os.RemoveAll(out); err != nil {
		t.Fatal(err)
	}
	build("no site", 2)
	build("no site, again", 0)

	request.Site.Options.Answers = site.AllAnswers
	build("other options", 2)
	request.Site.Version = "2"
	build("another version", 2)
	filetest.Write(t, b.Datasets, map[string]string{"zoo.toml": "broken"})
	build("a definition", 2)
	appendTo(t, filepath.Join(dir, pairsFolder, "means.txt"), "damaged\n")
	build("the cache", 2)
	build("the same", 0)

	keep := request.Notes
	request.Notes = ""
	build("without notes", 2)
	request.Notes = keep

	blob := only(t, filepath.Join(dir, "blobs", "*.zst"))
	info, err := os.Stat(blob)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(read(t, blob))
	text[len(text)/2] ^= 1
	if err := errors.Join(os.WriteFile(blob, text, 0o600), os.Chtimes(blob, time.Time{}, info.ModTime())); err != nil {
		t.Fatal(err)
	}
	verified.Store(0)
	if built, err := Build(t.Context(), b, request); err == nil || built.Files > 0 || verified.Load() == 0 {
		t.Errorf("tampered answers: %d verified, %+v, %v", verified.Load(), built, err)
	}
	request.Skip = true
	for range 2 { // what is left out is said each time
		if built, err := Build(t.Context(), b, request); err == nil || built.Unchanged || len(built.Skipped) != 1 {
			t.Errorf("left out: %+v, %v", built, err)
		}
	}
}

// TestSameBytes: two builds have the same files.
func TestSameBytes(t *testing.T) {
	b, dir := board(t)
	var sums [2][32]byte
	for i := range sums {
		request := BuildRequest{Dir: dir, Out: filepath.Join(t.TempDir(), "site"), Site: harness.SiteRequest{BoardRequest: harness.BoardRequest{Resamples: 100}}}
		if _, err := Build(t.Context(), b, request); err != nil {
			t.Fatal(err)
		}
		var err error
		if sums[i], err = site.ListSum(request.Out); err != nil {
			t.Fatal(err)
		}
		_ = os.RemoveAll(filepath.Join(dir, "cache"))
	}
	if sums[0] != sums[1] {
		t.Error("two builds of a repository have different files")
	}
}

// only is the first of the files that match a pattern.
func only(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %v", pattern, names, err)
	}
	return names[0]
}

// times lists the files of a folder with their times.
func times(t *testing.T, dir string) string {
	t.Helper()
	var list strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			list.WriteString(path + " " + info.ModTime().Format(time.RFC3339Nano) + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list.String()
}
