package serve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/ner"
	"nerbench/reports/site"
)

// TestStatisticsAreKept checks that the second server of a store computes nothing, and that
// the store is not changed.
func TestStatisticsAreKept(t *testing.T) {
	b := &harness.Bench{Store: filepath.Join(t.TempDir(), "results.db")}
	run := func(seed int) {
		t.Helper()
		ds, err := b.AskedDatasets([]string{"sample-law"}, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Run(t.Context(), harness.Request{Plan: ner.Plan{Model: "tagger", SamplingSeed: &seed}, Datasets: ds}); err != nil {
			t.Fatal(err)
		}
	}
	run(0)
	run(1)
	before, err := os.ReadFile(b.Store)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "cache")
	// known opens a server, makes a site, and returns what it knew before and after.
	known := func(folder string) (before, after int, page string) {
		t.Helper()
		s, err := OpenStore(t.Context(), b, harness.BoardRequest{Resamples: 1000}, site.NoAnswers, folder)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		count := func() int { return len(s.kept.known.Tests) + len(s.kept.known.Intervals) + len(s.kept.known.Costs) }
		before = count()
		files, err := s.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		content, err := files.File("data/board.json")
		if err != nil {
			t.Fatal(err)
		}
		return before, count(), string(content)
	}
	none, all, want := known(folder)
	if none != 0 || all < 5 {
		t.Fatalf("%d before, %d after", none, all)
	}
	if was, now, got := known(folder); was != all || now != all || got != want {
		t.Errorf("second server: %d of %d known; equal pages: %v", was, all, got == want)
	}
	if _, _, got := known(""); got != want {
		t.Error("without a folder, the numbers differ")
	}
	if after, err := os.ReadFile(b.Store); err != nil || string(after) != string(before) {
		t.Errorf("the store was changed: %v", err)
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	damaged := strings.Replace(lines[0], " ", "x", 1) + strings.Join(lines[1:], "")
	if err := os.WriteFile(names[0], []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	if was, now, got := known(folder); was != all-1 || now != all || got != want {
		t.Errorf("damaged: %d of %d known, %d after; equal pages: %v", was, all, now, got == want)
	}
	run(2) // other runs: what is known of the others stays
	if was, now, _ := known(folder); was != all || now <= all {
		t.Errorf("a new run: %d of %d known, %d after", was, all, now)
	}
}
