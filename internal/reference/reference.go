// Package reference finds the reference material for tests: real native files, test
// vectors, small trained models. The material is not part of the repository.
package reference

import (
	"os"
	"path/filepath"
	"testing"
)

// Root is the folder that NERBENCH_REFERENCE names. If it is empty, tests never
// read the reference, even if it is next to the checkout.
func Root() string { return os.Getenv("NERBENCH_REFERENCE") }

// Path returns the path of a file or folder below Root. If it is missing, the test
// is skipped, or fails if NERBENCH_NO_SKIP is set.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	name := filepath.Join(elem...)
	if Root() == "" {
		Skip(t, name+": NERBENCH_REFERENCE does not name the reference material")
	}
	path := filepath.Join(Root(), name)
	if _, err := os.Stat(path); err != nil {
		Skip(t, "reference material is missing: "+path)
	}
	return path
}

// Skip skips the test for a reason, or fails it if NERBENCH_NO_SKIP is set.
// Continuous integration sets it, so that no test is skipped there.
func Skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("NERBENCH_NO_SKIP") != "" {
		t.Fatalf("%s (and NERBENCH_NO_SKIP is set)", reason)
	}
	t.Skip(reason)
}
