package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"nerbench/reports"
)

func TestColor(t *testing.T) {
	const escape = "\x1b["
	for _, tc := range []struct {
		name     string
		args     []string
		env      map[string]string
		terminal string // the streams that are one: out, err
		colored  string // the streams that get colours
	}{
		{"auto on a terminal", nil, nil, "out err", "out err"},
		{"auto in a pipe", nil, nil, "", ""},
		{"auto, output to a file", nil, nil, "err", "err"},
		{"auto, errors to a file", nil, nil, "out", "out"},
		{"auto with NO_COLOR", nil, map[string]string{"NO_COLOR": "1"}, "out err", ""},
		{"auto with an empty NO_COLOR", nil, map[string]string{"NO_COLOR": ""}, "out err", "out err"},
		{"auto on a dumb terminal", nil, map[string]string{"TERM": "dumb"}, "out err", ""},
		{"always in a pipe", []string{"--color", "always"}, nil, "", "out err"},
		{"always counts before NO_COLOR", []string{"--color", "always"}, map[string]string{"NO_COLOR": "1"}, "", "out err"},
		{"never on a terminal", []string{"--color=never"}, nil, "out err", ""},
		{"variable", nil, map[string]string{"NERBENCH_COLOR": "always"}, "", "out err"},
		{"empty variable", nil, map[string]string{"NERBENCH_COLOR": ""}, "out", "out"},
		{"flag before variable", []string{"--color", "never"}, map[string]string{"NERBENCH_COLOR": "always"}, "out err", ""},
		{"JSON", []string{"--color", "always", "--json"}, nil, "out err", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			for name, value := range tc.env {
				t.Setenv(name, value)
			}
			env := &environment{stdout: &stdout, stderr: &stderr, getenv: func(name string) string { return tc.env[name] }}
			env.terminal = func(w io.Writer) bool {
				return strings.Contains(tc.terminal, "out") && w == &stdout || strings.Contains(tc.terminal, "err") && w == &stderr
			}
			// It prints a state to standard output, and fails.
			args := append([]string{"nerbench", "doctor", "--only", "store", "--store", t.TempDir() + "/nosuch/x.db"}, tc.args...)
			if code := run(t.Context(), args, env); code != exitError {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			for name, stream := range map[string]string{"out": stdout.String(), "err": stderr.String()} {
				if got, want := strings.Contains(stream, escape), strings.Contains(tc.colored, name); got != want {
					t.Errorf("colours on %s: %t, want %t: %q", name, got, want, stream)
				}
			}
			if got, want := env.printed("text") == reports.Terminal, strings.Contains(tc.colored, "out"); got != want {
				t.Errorf("tables for a terminal: %t, want %t", got, want)
			}
			if env.printed("csv") != "csv" {
				t.Errorf("CSV is printed as %s", env.printed("csv"))
			}
		})
	}
}

func TestColorUnknown(t *testing.T) {
	var stderr bytes.Buffer
	env := &environment{stdout: io.Discard, stderr: &stderr, getenv: func(string) string { return "" }}
	if code := run(t.Context(), []string{"nerbench", "version", "--color", "blue"}, env); code != exitUsage || !strings.Contains(stderr.String(), "--color blue: unknown (known: auto, always, never)") {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}
