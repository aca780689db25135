package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"nerbench/internal/reference"
)

// fullWriter is an output without room, after some bytes.
type fullWriter struct{ room int }

func (w *fullWriter) Write(p []byte) (int, error) {
	n := min(w.room, len(p))
	w.room -= n
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

// Every command fails, and says so once, if its output cannot be written.
func TestFullOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("OLLAMA_HOST", "127.0.0.1:9")
	if code := run(t.Context(), []string{"nerbench", "quickstart"}, testEnvironment(io.Discard, io.Discard)); code != exitOK {
		t.Fatalf("quickstart: exit code %d", code)
	}
	for _, args := range [][]string{
		{"doctor"}, {"doctor", "--json"}, {"doctor", "--only", "program"}, {"datasets", "list"}, {"datasets", "show", "ncbi"}, {"prompts", "show", "uniner"},
		{"models", "list"}, {"models", "show", "uniner-7b-all"}, {"datasets", "fetch", "conllpp", "--dry-run"}, {"runs", "list"}, {"score", "--all"}, {"table"},
		{"version"}, {"help"},
	} {
		for _, room := range []int{0, 40} {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), append([]string{"nerbench"}, args...), testEnvironment(&stdout, &stderr)); code != exitOK || stdout.Len() == 0 {
				t.Errorf("%q: exit code %d\n%s", args, code, stderr.String())
			}
			if stdout.Len() <= room {
				continue
			}
			stderr.Reset()
			code := run(t.Context(), append([]string{"nerbench"}, args...), testEnvironment(&fullWriter{room}, &stderr))
			if n := strings.Count(stderr.String(), syscall.ENOSPC.Error()); code == exitOK || n != 1 {
				t.Errorf("%q with room for %d bytes: exit code %d, %d messages about the disk:\n%s", args, room, code, n, stderr.String())
			}
		}
	}
}

// testEnvironment is one without variables and files of the user.
func testEnvironment(stdout, stderr io.Writer) *environment {
	return &environment{stdin: strings.NewReader(""), stdout: stdout, stderr: stderr, getenv: func(name string) string {
		if name == "OLLAMA_HOST" {
			return "127.0.0.1:9"
		}
		return ""
	}}
}

// The program itself, with a full device as its output.
func TestFullDevice(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		reference.Skip(t, "no /dev/full")
	}
	defer full.Close()
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"nerbench", "doctor", "--only", "program"}, testEnvironment(full, &stderr)); code != exitError || !strings.Contains(stderr.String(), "standard output: write /dev/full: ") {
		t.Errorf("exit code %d\n%s", code, stderr.String())
	}
}

// Without a home folder there is no data folder: commands that need none work, the
// others say how to set one.
func TestWithoutHome(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LocalAppData", "AppData", "home"} {
		t.Setenv(name, "")
	}
	if _, err := os.UserCacheDir(); err == nil {
		reference.Skip(t, "the system has another cache folder")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	for _, tc := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"quickstart"}, exitOK, "wrote results.db", ""},
		{[]string{"doctor"}, exitOK, "data     absent  no data folder: the user has no cache folder", ""},
		{[]string{"datasets", "list"}, exitOK, "conllpp", ""},
		{[]string{"datasets", "fetch", "conllpp"}, exitError, "", "hint: set it with --data DIR or NERBENCH_DATA"},
		{[]string{"datasets", "import", "conllpp", "."}, exitError, "", "hint: set it with --data DIR or NERBENCH_DATA"},
		{[]string{"run", "-m", "tagger", "-d", "conllpp"}, exitData, "", "no data folder is set"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"nerbench"}, tc.args...), testEnvironment(&stdout, &stderr))
		if code != tc.code || !strings.Contains(stdout.String(), tc.stdout) || !strings.Contains(stderr.String(), tc.stderr) {
			t.Errorf("%q: exit code %d, want %d\n%s\n%s", tc.args, code, tc.code, stdout.String(), stderr.String())
		}
	}
	if entries, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(entries) > 0 {
		t.Error(errors.Join(err, errors.New(strings.Join(entries, ", "))))
	}
}
