package main

import (
	"strings"
	"testing"
)

// TestGuarded: a panic is one line and the exit code of an error.
func TestGuarded(t *testing.T) {
	var out strings.Builder
	var table map[string]int
	code := guarded(&out, func() int {
		table["x"] = 1
		return exitOK
	})
	if code != exitError || strings.Count(out.String(), "\n") != 1 || !strings.HasPrefix(out.String(), "nerbench: internal error: assignment to entry in nil map (") {
		t.Errorf("exit code %d: %s", code, out.String())
	}
	if code := guarded(&out, func() int { return exitPartial }); code != exitPartial {
		t.Errorf("exit code %d", code)
	}
}
