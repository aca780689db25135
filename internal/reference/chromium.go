package reference

import (
	"os"
	"os/exec"
	"testing"
)

// Chromium is the program of a browser: NERBENCH_CHROMIUM, or one in the path. Without
// one, the test is skipped as by [Skip].
func Chromium(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("NERBENCH_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Skip(t, "no chromium in the path, and NERBENCH_CHROMIUM is not set")
	return ""
}
