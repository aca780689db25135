package harness

import (
	"os"
	"path/filepath"
	"testing"

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
	b.ReadOnly = true
	request.Version = "read only"
	write("a store that is not written", false)
	write("a store that is not written", false)
}
