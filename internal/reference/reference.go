// Package reference finds the reference material that some tests need: real
// native files, vectors with known outcomes, small trained models. It is not
// part of the repository.
package reference

import (
	"os"
	"path/filepath"
	"testing"
)

// Root is the folder that NERBENCH_REFERENCE names, or "": then no test looks
// for the reference, whatever lies beside the checkout.
func Root() string { return os.Getenv("NERBENCH_REFERENCE") }

// Path returns the path of a file or folder below Root. Where it is absent the
// test is skipped, or fails if NERBENCH_NO_SKIP is set.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	name := filepath.Join(elem...)
	if Root() == "" {
		Skip(t, name+": NERBENCH_REFERENCE does not name the reference material")
	}
	path := filepath.Join(Root(), name)
	if _, err := os.Stat(path); err != nil {
		Skip(t, "reference material is absent: "+path)
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
