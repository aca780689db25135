package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/results"
)

// TestStoreAdvice checks that errors about the place of a store, and about an id that
// several runs begin with, say what to do.
func TestStoreAdvice(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir:                                  "name a file, such as",
		filepath.Join(file, "results.db"):    "make the folder first",
		filepath.Join(dir, "none", "all.db"): "make the folder first",
	} {
		b := &Bench{Store: path}
		store, err := b.openLateStore(t.Context())
		if err == nil {
			t.Errorf("%s: opened %v", path, store)
		} else if advice := StoreAdvice(err); !strings.HasPrefix(advice, want) {
			t.Errorf("%v: advice %q, want %q", err, advice, want)
		}
	}
	var runs []generatedRun
	for _, name := range strings.Fields("a b c d e f g h i j k l m n o p q") { // 17: two begin with the same digit
		runs = append(runs, generatedRun{Model: "ollama/" + name, Dataset: "e-ner", Passages: 1})
	}
	store, err := generatedStore(t, runs...).ReadStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ambiguous := 0
	for _, first := range "0123456789abcdef" {
		if _, err := store.Find(t.Context(), string(first)); err != nil && !strings.Contains(err.Error(), results.ErrNoRun.Error()) {
			ambiguous++
			if advice := StoreAdvice(err); !strings.HasPrefix(advice, "give more characters of the id") {
				t.Errorf("%v: advice %q", err, advice)
			}
		}
	}
	if ambiguous == 0 {
		t.Error("no id was ambiguous")
	}
}
