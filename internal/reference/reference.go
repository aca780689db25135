// Package reference finds the reference material that some tests need: real
// native files, vectors with known outcomes, small trained models. It is not
// part of the repository.
package reference

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns the path of a file or folder of the reference: below
// NERBENCH_REFERENCE, or else in the folder "shared" beside the repository.
// Where it is absent the test is skipped, or fails if NERBENCH_NO_SKIP is set.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("NERBENCH_REFERENCE")
	if root == "" {
		root = filepath.Join(repository(t), "..", "shared")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		Skip(t, "reference material is absent: "+filepath.Join(elem...))
	}
	return path
}

// Skip skips the test for a reason, or fails it if NERBENCH_NO_SKIP is set, as
// continuous integration does so that nothing is skipped there.
func Skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("NERBENCH_NO_SKIP") != "" {
		t.Fatalf("%s (and NERBENCH_NO_SKIP is set)", reason)
	}
	t.Skip(reason)
}

// repository is the nearest folder at or above the working directory that
// holds go.mod.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("reference: no go.mod at or above the working directory")
		}
		dir = parent
	}
}
