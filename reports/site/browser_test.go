package site

import (
	"os"
	"os/exec"
	"testing"

	"nerbench/internal/reference"
)

// browser finds a Chromium: NERBENCH_CHROMIUM, or one in the path.
func browser(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("NERBENCH_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	reference.Skip(t, "no chromium in the path, and NERBENCH_CHROMIUM is not set")
	return ""
}
