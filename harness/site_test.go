package harness

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"nerbench/boards"
	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/reports/site"
)

// TestUnchangedSites checks when a site is written again.
func TestUnchangedSites(t *testing.T) {
	b, _ := ranSamples(t, ner.Plan{Dataset: "sample-law"})
	b.Data, b.Cards = t.TempDir(), t.TempDir()
	dir := filepath.Join(t.TempDir(), "site")
	request := SiteRequest{BoardRequest: BoardRequest{Version: "test", Resamples: 1000}}
	write := func(name string, unchanged bool) site.Built {
		t.Helper()
		built, err := b.WriteSite(t.Context(), dir, request)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if built.Unchanged != unchanged {
			t.Errorf("%s: unchanged %v, want %v", name, built.Unchanged, unchanged)
		}
		return built
	}
	first := write("new", false)
	second := write("the same", true)
	if first.Unchanged = true; first != second || first.Models != 1 || first.Runs != 1 {
		t.Errorf("%+v, then %+v", first, second)
	}
	for _, change := range []struct {
		name string
		do   func() error
	}{
		{"other options", func() error { request.Answers = site.NoAnswers; return nil }},
		{"another version", func() error { request.Version = "next"; return nil }},
		{"data", func() error { return os.WriteFile(filepath.Join(b.Data, "test.txt"), []byte("x"), 0o600) }},
		{"other data", func() error { return os.WriteFile(filepath.Join(b.Data, "test.txt"), []byte("xy"), 0o600) }},
		{"a card", func() error {
			return os.WriteFile(filepath.Join(b.Cards, "t.toml"), []byte("title = \"T\"\nmodel = \"tagger\"\nfamily = \"uniner\"\nvariant = \"repo\"\nshape = \"completion\"\n"), 0o600)
		}},
		{"a file is lost", func() error { return os.Remove(filepath.Join(dir, "index.html")) }},
		{"another run", func() error {
			_, err := b.Run(t.Context(), Request{Plan: ner.Plan{Model: "tagger", Dataset: "sample-general"}})
			return err
		}},
		{"the folder is removed", func() error { return os.RemoveAll(dir) }},
	} {
		if err := change.do(); err != nil {
			t.Fatal(err)
		}
		write(change.name, false)
		write(change.name+", again", true)
	}
	checkChanges(t, b, &request, write)
	b.ReadOnly = true
	request.Version = "read only"
	write("a store that is not written", false)
	write("a store that is not written", false)
}

// checkChanges checks that each kind of change is noticed, also those that leave the size
// and the time of a file as they were.
func checkChanges(t *testing.T, b *Bench, request *SiteRequest, write func(string, bool) site.Built) {
	t.Helper()
	b.Datasets, b.Families = t.TempDir(), t.TempDir()
	environment := map[string]string{}
	b.Getenv = func(name string) string { return environment[name] }
	rules, err := boards.Default()
	if err != nil {
		t.Fatal(err)
	}
	request.Rules = rules
	deep := filepath.Join(b.Data, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n")
	for _, folder := range []string{deep, filepath.Join(b.Data, "datasets")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []string{"circle", "again"} {
		if err := os.Symlink(b.Data, filepath.Join(b.Data, link)); err != nil && runtime.GOOS != "windows" {
			t.Fatal(err)
		}
	}
	put := func(text string, path ...string) func() error {
		return func() error { return os.WriteFile(filepath.Join(path...), []byte(text), 0o600) }
	}
	same := func(text string, path ...string) func() error { // size and time stay
		return func() error {
			info, err := os.Stat(filepath.Join(path...))
			if err != nil {
				return err
			}
			return errors.Join(put(text, path...)(), os.Chtimes(filepath.Join(path...), time.Time{}, info.ModTime()))
		}
	}
	type change struct {
		name string
		do   func() error
	}
	changes := []change{
		{"definition folders and links in circles", func() error { return nil }},
		{"a deep file of the data", put("x", deep, "test.txt")},
		{"the date of the environment", func() error { environment[dateVariable] = "0"; return nil }},
		{"another date", func() error { environment[dateVariable] = "1"; return nil }},
		{"the title of the board", func() error { rules.Title += "!"; return nil }},
		{"a price", func() error {
			rules.Prices = append(rules.Prices, boards.Price{Model: "tagger", In: 1, Out: 2})
			return nil
		}},
		{"another price", func() error { rules.Prices[len(rules.Prices)-1].Out = 3; return nil }},
		{"the suites", func() error { rules.SuiteNames = rules.SuiteNames[:1]; return nil }},
		{"the text rule", func() error { request.Text = datasets.NonCommercialText; return nil }},
		{"the resamples", func() error { request.Resamples++; return nil }},
		{"the largest size", func() error { request.MaxBytes = 1 << 30; return nil }},
		{"all answers", func() error { request.Answers = site.AllAnswers; return nil }},
	}
	for _, folder := range []string{b.Datasets, b.Families, b.Cards, filepath.Join(b.Data, "datasets")} {
		changes = append(changes,
			change{"a file of definitions", put("one", folder, "notes.txt")},
			change{"the same size and time", same("two", folder, "notes.txt")},
		)
	}
	if runtime.GOOS != "windows" {
		changes = append(changes, change{"permissions", func() error { return os.Chmod(filepath.Join(deep, "test.txt"), 0o640) }})
	}
	for _, change := range changes {
		if err := change.do(); err != nil {
			t.Fatalf("%s: %v", change.name, err)
		}
		write(change.name, false)
		write(change.name+", again", true)
	}
}
