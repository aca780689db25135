//go:build unix

package corpus

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestLinks: a folder may be a link, and may have links to files and to itself.
func TestLinks(t *testing.T) {
	dir := write(t, map[string]string{"blobs/0f": "one", "corpus/b.txt": "two"})
	corpus, named := filepath.Join(dir, "corpus"), filepath.Join(dir, "named")
	for link, to := range map[string]string{filepath.Join(corpus, "a.txt"): filepath.Join("..", "blobs", "0f"), filepath.Join(corpus, "self"): ".", named: corpus} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	texts, _, err := read(t, Options{}, named)
	if want := []string{"a.txt|one|a", "b.txt|two|b"}; err != nil || !slices.Equal(texts, want) {
		t.Errorf("texts are %q, want %q; %v", texts, want, err)
	}
	if err := os.Remove(filepath.Join(dir, "blobs", "0f")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := read(t, Options{}, named); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a link to no file: %v", err)
	}
}
