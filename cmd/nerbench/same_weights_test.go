package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nerbench/harness"
	"nerbench/internal/reference"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/vllm/vllmtest"
)

// TestSameWeights asks the same weights through a real server of vLLM, a real server
// of Ollama, and in the process: each run is killed once and continued, gives the
// answers that are known of the model, and none scores otherwise than another.
//
// The dataset is one that the model has hardly learnt, so that many answers run on. How
// many may differ from the known ones says what each server does with them: vLLM
// computes as the reference was computed; llama.cpp rounds activations to the 16 bits
// of the weights; Ollama parts from it a little more often, and gives up an
// answer that repeats one token thirty times, without a reason for its end.
func TestSameWeights(t *testing.T) {
	model := reference.Path(t, "models", "tiny-uniner-frequency")
	file := filepath.Join(model, "model-f16.gguf")
	w := &workplace{t: t, dir: t.TempDir()}
	env := []string{"NERBENCH_DATA=" + reference.Path(t, "data"), "NERBENCH_DATASETS=", "NERBENCH_LLAMA_LIB=" + llamaLibrary(t, "cpu")}
	var ds map[string]referenceDataset
	readReference(t, filepath.Join(model, "reference.json"), &ds)

	const dataset, limit = "crossner-politics", 50
	want := ds[dataset].Answers[:limit]
	type asked struct {
		model string // in the store
		p     float64
	}
	var all []asked
	for _, m := range []struct {
		kind    string
		start   func(t *testing.T) (name string, args []string)
		percent int     // of the answers that may differ
		p       float64 // at least, of a comparison
		cut     bool    // those that the server gave up may differ, too
	}{
		{"vllm", func(t *testing.T) (string, []string) {
			server := vllmtest.Start(t, model)
			return "vllm/" + server.Model, []string{"--base-url", server.URL}
		}, 1, 0.05, false},
		{"ollama", func(t *testing.T) (string, []string) {
			server := ollamatest.Start(t)
			server.Create(t, "tiny-uniner-frequency", file)
			return "ollama/tiny-uniner-frequency", []string{"--base-url", "http://" + server.Host}
		}, 5, 0.01, true},
		{"in the process", func(*testing.T) (string, []string) {
			return "gguf/" + file, []string{"--threads", "1", "--max-connections", "1"}
		}, 2, 0.05, false},
	} {
		t.Run(m.kind, func(t *testing.T) {
			name, args := m.start(t)
			asking := append([]string{"run", "-m", name, "-d", dataset, "--limit", strconv.Itoa(limit), "-q", "--json"}, args...)
			w.killOnce(t, env, asking...)
			code, stdout, stderr := w.with(env, asking...)
			var summary harness.Summary
			if err := json.Unmarshal([]byte(stdout), &summary); code != 0 || err != nil {
				t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
			}
			report := summary.Runs[0]
			if report.Complete != limit || report.Asked == 0 || report.Asked >= report.Queries {
				t.Errorf("%d of %d passages are complete, %d of %d queries were asked after the kill", report.Complete, limit, report.Asked, report.Queries)
			}
			different, cut := listDifferent(t, w, report.Run, want), 0
			if m.cut {
				cut = w.answersWithoutEnd(t, report.Run)
			}
			t.Logf("%d of %d answers differ, %d were given up by the server:\n%s", len(different), report.Queries, cut, strings.Join(different, "\n"))
			if most := report.Queries*m.percent/100 + cut; len(different) > most {
				t.Errorf("%d of %d answers differ from the reference, at most %d may", len(different), report.Queries, most)
			}
			if m.kind == "vllm" {
				checkVLLMFacts(t, report)
			}
			all = append(all, asked{report.Model, m.p})
		})
	}
	for i, a := range all {
		for _, b := range all[:i] {
			code, stdout, stderr := w.with(env, "compare", a.model, b.model, "--metric", "uniner_f1", "--json")
			var compared struct{ Difference, P float64 }
			if err := json.Unmarshal([]byte(stdout), &compared); code != 0 || err != nil {
				t.Fatalf("compare: exit code %d, %v\n%s%s", code, err, stdout, stderr)
			}
			if compared.Difference > 0.02 || compared.Difference < -0.02 || compared.P < min(a.p, b.p) {
				t.Errorf("%s and %s differ by %+.3f, p %.3f", a.model, b.model, compared.Difference, compared.P)
			}
			t.Logf("%s and %s: difference %+.4f, p %.3f", a.model, b.model, compared.Difference, compared.P)
		}
	}
}

// killOnce starts a run and kills it once it has kept some passages.
func (w *workplace) killOnce(t *testing.T, env []string, args ...string) {
	t.Helper()
	before := w.keptPassages()
	killed := w.program(args...)
	killed.Env = append(killed.Env, env...)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- killed.Wait() }()
	for w.keptPassages() == before {
		select {
		case err := <-over:
			t.Fatalf("the run ended by itself: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	_ = killed.Process.Signal(syscall.SIGKILL)
	<-over // it was killed
}

// keptPassages is the number of complete passages in the store. There may be none yet.
func (w *workplace) keptPassages() (n int) {
	_, stdout, _ := w.with(nil, "runs", "list", "--json")
	var runs []runJSON
	if json.Unmarshal([]byte(stdout), &runs) == nil {
		for _, r := range runs {
			n += r.Complete
		}
	}
	return n
}

// answersWithoutEnd is how many answers of a run ended for no reason that the server
// told.
func (w *workplace) answersWithoutEnd(t *testing.T, run string) (n int) {
	t.Helper()
	out, err := w.program("runs", "export", run, "--what", "answers", "-q").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		var passage harness.AnswersLine
		if err := json.Unmarshal([]byte(line), &passage); err != nil {
			t.Fatal(err)
		}
		for _, a := range passage.Answers {
			if a.Finish == "" {
				n++
			}
		}
	}
	return n
}

// checkVLLMFacts holds what the run says of the server against what is known of it.
func checkVLLMFacts(t *testing.T, report harness.Result) {
	t.Helper()
	for name, want := range map[string]string{"lists": "yes", "special_tokens": "tokens added to a prompt: 1, tokens of </s>: 1", "probe_differ": "0"} {
		if report.Facts[name] != want {
			t.Errorf("%s is %q, want %q", name, report.Facts[name], want)
		}
	}
	var sent, computed int
	fmt.Sscan(report.Facts["prompt_tokens"], &sent)
	fmt.Sscan(report.Facts["prompt_tokens_computed"], &computed)
	if sent == 0 || computed*2 > sent {
		t.Errorf("%d of %d prompt tokens were computed", computed, sent)
	}
}
