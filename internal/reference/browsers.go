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
	return program(t, "NERBENCH_CHROMIUM", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
}

// Firefox is the same, with NERBENCH_FIREFOX.
func Firefox(t testing.TB) string {
	t.Helper()
	return program(t, "NERBENCH_FIREFOX", "firefox", "firefox-esr")
}

// program is that of an environment variable, or the first of some names in the path.
func program(t testing.TB, variable string, names ...string) string {
	t.Helper()
	if path := os.Getenv(variable); path != "" {
		return path
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Skip(t, "no "+names[0]+" in the path, and "+variable+" is not set")
	return ""
}
