package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// stream keeps what is written to it, from several goroutines.
type stream struct {
	mu sync.Mutex
	bytes.Buffer
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(p)
}

// TestScoresOfEachDatasetArePrintedWhenItsRunEnds: when a long command is stopped, the
// scores of the datasets before are on the screen.
func TestScoresOfEachDatasetArePrintedWhenItsRunEnds(t *testing.T) {
	var out stream // standard output and standard error
	env := &environment{stdin: strings.NewReader(""), stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
	store := filepath.Join(t.TempDir(), "results.db")
	code := run(t.Context(), []string{"nerbench", "run", "-m", "tagger", "-d", "sample-law,sample-stem", "--store", store}, env)
	text := out.String()
	at := -1
	for _, want := range []string{"sample-law: 12 of 12", "sample-law  tagger  run ", "sample-stem: 12 of 12", "sample-stem  tagger  run "} {
		next := strings.Index(text, want)
		if code != 0 || next <= at || strings.Count(text, want) != 1 {
			t.Fatalf("exit code %d; want %q once, after what comes before it:\n%s", code, want, text)
		}
		at = next
	}
}
