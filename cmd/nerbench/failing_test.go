package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/harness"
	"nerbench/runners/ollama/ollamatest"
)

// TestWhatCannotBeAsked: a model that is not there, and a context that is too
// small for every prompt.
func TestWhatCannotBeAsked(t *testing.T) {
	w := newWorkplace(t, 20, 0)
	if code, out := w.run("run", "-m", "ollama/other", "-d", "mini"); code != exitError || !strings.Contains(out, "hint: ollama pull other") {
		t.Errorf("unknown model: exit code %d\n%s", code, out)
	}
	if code, out := w.run("run", "-m", "ollama/tiny", "-d", "mini", "--context", "64", "--json", "-q"); code != 0 || !strings.Contains(out, `"too_long": 40`) {
		t.Errorf("small context: exit code %d\n%s", code, out)
	}
}

// failingQuery makes a server refuse one query while broken is set.
func failingQuery(broken *atomic.Bool) func(*ollamatest.Fake) {
	return func(f *ollamatest.Fake) {
		f.Intercept = func(rw http.ResponseWriter, r *ollamatest.Request) bool {
			if !broken.Load() || !strings.Contains(r.Text(), "Text: Person3 left") || !strings.Contains(r.Text(), "location") {
				return false
			}
			rw.Header().Set("Retry-After", "3600") // longer than anybody waits
			ollamatest.Refuse(rw, http.StatusServiceUnavailable, "the oven is cold")
			return true
		}
	}
}

// TestPartial: what could not be asked leaves the run incomplete and not scored,
// with exit code 3 and the reason; run the same command again to retry (docs/spec/metrics.md
// §1.4).
func TestPartial(t *testing.T) {
	var broken atomic.Bool
	w := newWorkplace(t, 20, 0, failingQuery(&broken))
	if code, out := w.run(append(asking, "calm.db")...); code != 0 {
		t.Fatalf("undisturbed run: exit code %d\n%s", code, out)
	}
	broken.Store(true)
	w.forget()
	code, out := w.run(append(asking, "results.db")...)
	for _, want := range []string{
		"19 of 20 passages", "not scored: 1 passage is incomplete", "the oven is cold",
		"1 passage is incomplete: run the same command again to retry",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("a passage fails: output lacks %q:\n%s", want, out)
		}
	}
	if code != exitPartial || strings.Contains(out, "F1") {
		t.Errorf("a passage fails: exit code %d, want %d and no score\n%s", code, exitPartial, out)
	}
	if code, out := w.run("score", "--all", "--store", "results.db"); code != exitPartial || !strings.Contains(out, "(incomplete: 19 of 20 passages)") {
		t.Errorf("scored on demand: exit code %d\n%s", code, out)
	}
	broken.Store(false)
	before := w.fake.Asked()
	if code, out := w.run(append(asking, "results.db")...); code != 0 || !strings.Contains(out, "20 of 20 passages") || !strings.Contains(out, "asked now 1, cached 39") {
		t.Errorf("continued: exit code %d\n%s", code, out)
	}
	if n := w.fake.Asked() - before; n != 1 {
		t.Errorf("%d questions were asked again, want the one that failed", n)
	}
	if calm, mended := w.dump("calm.db"), w.dump("results.db"); calm != mended {
		t.Errorf("the stores differ:\n%s\nand\n%s", head(calm), head(mended))
	}
}

// TestRetried: a busy server is asked again, and the notes and the progress are
// JSON events.
func TestRetried(t *testing.T) {
	var refused atomic.Int64
	w := newWorkplace(t, 20, 0, func(f *ollamatest.Fake) {
		f.Intercept = func(rw http.ResponseWriter, _ *ollamatest.Request) bool {
			if refused.Add(1) > 1 {
				return false
			}
			ollamatest.Refuse(rw, http.StatusServiceUnavailable, "the oven is busy")
			return true
		}
	})
	cmd := w.program("run", "-m", "ollama/tiny", "-d", "mini", "--json", "--max-connections", "1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), `"asked": 40`) {
		t.Fatalf("%v\n%s%s", err, out, stderr.String())
	}
	notes, last := 0, harness.Progress{}
	for line := range strings.Lines(stderr.String()) {
		var event struct {
			Note string
			harness.Progress
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if event.Note == "" {
			last = event.Progress
		} else if notes++; !strings.Contains(event.Note, "the oven is busy") || !strings.Contains(event.Note, "retry in") {
			t.Errorf("note %q", event.Note)
		}
	}
	if notes != 1 || last.Passages != 20 || last.Queries != 40 || last.F1 == nil || *last.F1 != 0.5 || last.Unreadable == nil {
		t.Errorf("%d notes, and in the end %+v", notes, last)
	}
}

// TestScoredAgain: equal answers have equal scores, to the byte, and what is
// scored beside stays.
func TestScoredAgain(t *testing.T) {
	w := newWorkplace(t, 20, 0)
	run := append(asking, "results.db")
	score := []string{"score", "--all", "--store", "results.db"}
	if code, out := w.run(run...); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	first := w.dump("results.db")
	if code, out := w.run(score...); code != 0 || strings.Contains(out, "(") {
		t.Errorf("exit code %d, want no change\n%s", code, out)
	}
	if again := w.dump("results.db"); again != first {
		t.Errorf("scoring again changes the store:\n%s\nand\n%s", head(first), head(again))
	}
	if code, out := w.run(append(score, "--metric", "span_f1[align=first],span_f1[align=first]")...); code != 0 || !strings.Contains(out, "span_f1[align=first] 50.0 (new)\n") {
		t.Errorf("another metric: exit code %d\n%s", code, out)
	}
	more := w.dump("results.db")
	if code, out := w.run(append(score, "-q")...); code != 0 || strings.Contains(out, "align=first") {
		t.Errorf("exit code %d, want the usual metrics\n%s", code, out)
	}
	if code, _ := w.run(run...); code != 0 || w.dump("results.db") != more || more == first {
		t.Errorf("exit code %d; the other metric was lost, or never kept", code)
	}
}
