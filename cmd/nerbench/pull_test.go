package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/runners/ollama/ollamatest"
)

// TestPullOnDemand: a model that the server lacks is brought if the user says so,
// and what the server computes on is a fact of the run.
func TestPullOnDemand(t *testing.T) {
	w := newWorkplace(t, 4, 0, func(f *ollamatest.Fake) { f.Pullable, f.Size = "novel", 100 })
	asking := []string{"run", "-m", "ollama/novel", "-d", "mini"}
	code, _, stderr := w.with(nil, asking...)
	if code != exitError || !strings.Contains(stderr, "hint: ollama pull novel") {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if code, stdout, stderr := w.with(nil, append(asking, "--pull", "--keep-alive", "30m")...); code != 0 || !strings.Contains(stderr, "mini: pulling manifest") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	report := w.report("run", "-m", "ollama/tiny", "-d", "mini", "-q", "--json")
	if report.Facts["device"] != "CPU" {
		t.Errorf("facts %v", report.Facts)
	}
}

// TestRunThroughFaults: a server that refuses, breaks connections and babbles now and
// then gives the result of one that does not, and nothing is asked twice that was
// answered.
func TestRunThroughFaults(t *testing.T) {
	t.Parallel()
	const passages = 12
	var n atomic.Int64
	fault := func(rw http.ResponseWriter, _ *ollamatest.Request) bool {
		switch n.Add(1) % 11 {
		case 2:
			rw.Header().Set("Retry-After", "0")
			ollamatest.Refuse(rw, http.StatusTooManyRequests, "busy")
		case 5:
			ollamatest.Refuse(rw, http.StatusInternalServerError, "a runner crashed")
		case 8:
			panic(http.ErrAbortHandler) // the connection breaks
		default:
			return false
		}
		return true
	}
	calm := newWorkplace(t, passages, 0)
	rough := newWorkplace(t, passages, 0, func(f *ollamatest.Fake) { f.Intercept = fault })
	ask := []string{"run", "-m", "ollama/tiny", "-d", "mini", "-q", "--json", "--probe", "0"}
	want, got := calm.report(ask...), rough.report(ask...)
	for try := 0; got.Complete < passages && try < 10; try++ {
		got = rough.report(ask...)
	}
	if got.Complete != passages || got.Run != want.Run {
		t.Fatalf("%d of %d passages, run %s and %s", got.Complete, passages, got.Run, want.Run)
	}
	for id, score := range want.Scores {
		if other := got.Scores[id]; other.TP != score.TP || other.NPred != score.NPred || other.NGold != score.NGold {
			t.Errorf("%s: %+v, want %+v", id, other, score)
		}
	}
	for _, name := range []string{"failed_refused", "failed_broken"} {
		if got.Facts[name] == "" {
			t.Errorf("the record says nothing of %s: %v", name, got.Facts)
		}
	}
	rough.mu.Lock()
	defer rough.mu.Unlock()
	for prompt, times := range rough.times {
		if times > 1 {
			t.Errorf("asked %d times: %q", times, prompt)
		}
	}
}
