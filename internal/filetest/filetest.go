// Package filetest writes the files of tests.
package filetest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Write writes files below a folder, with the folders between. The names have slashes;
// existing files are replaced.
func Write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}
