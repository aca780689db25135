package runners_test

import (
	"os"
	"path/filepath"
	"testing"

	"nerbench/runners"
)

func TestFileName(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Base(here)
	for _, tc := range []struct{ path, want, short string }{
		{"b.gguf", "b.gguf", base + "/b.gguf"},
		{"./b.gguf", "b.gguf", base + "/b.gguf"},
		{"models/a/b.gguf", "models/a/b.gguf", "a/b.gguf"},
		{"models//a/../b.gguf", "models/b.gguf", "models/b.gguf"},
		{"models/a/", "models/a", "models/a"},
		{"/models/a/b.gguf", "a/b.gguf", "a/b.gguf"},
		{"/b.gguf", "b.gguf", "b.gguf"},
		{"../a/b.gguf", "a/b.gguf", "a/b.gguf"},
		{".", filepath.Base(filepath.Dir(here)) + "/" + base, filepath.Base(filepath.Dir(here)) + "/" + base},
	} {
		if got := runners.FileName(tc.path, 2); got != tc.want {
			t.Errorf("FileName(%s) = %s, want %s", tc.path, got, tc.want)
		}
		if got := runners.ShortName(tc.path, 2); got != tc.short {
			t.Errorf("ShortName(%s) = %s, want %s", tc.path, got, tc.short)
		}
	}
}
