package harness

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nerbench/internal/reference"
	"nerbench/internal/tinymodel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/open"
)

// notes collects the notes of a bench.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) add(e Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, e.Note)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.all, "\n")
}

// checkOf returns a request to check a model on a dataset of the sample.
func checkOf(model string) CheckRequest {
	return CheckRequest{Request: Request{Plan: ner.Plan{Model: model, Dataset: "sample-law"}}}
}

// prepare prepares the run of a check.
func prepare(t *testing.T, b *Bench, r Request) *Prepared {
	t.Helper()
	card, err := b.complete(&r)
	if err != nil {
		t.Fatal(err)
	}
	p, err := (&Preparer{Bench: b}).prepare(t.Context(), r, card, r.Datasets[0])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCheckLimitsAnswers checks the token limits of the eight queries and the longest
// one.
func TestCheckLimitsAnswers(t *testing.T) {
	var mu sync.Mutex
	var limits []float64
	fake := ollamatest.New(t, func(f *ollamatest.Fake) {
		f.ContextLength = 4096
		f.Intercept = func(_ http.ResponseWriter, r *ollamatest.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			limits = append(limits, r.Options["num_predict"].(float64))
			return false
		}
	})
	b := &Bench{Getenv: func(name string) string { return map[string]string{"OLLAMA_HOST": fake.URL}[name] }}
	r := checkOf("ollama/tiny")
	for _, tc := range []struct {
		name  string
		bound int
		want  float64
	}{
		{"a limit", 30, 30},
		{"the default", 0, CheckAnswerTokens},
		{"a limit above that of the prompt", 100_000, 256},
	} {
		t.Run(tc.name, func(t *testing.T) {
			limits, r.MaxAnswerTokens = nil, tc.bound
			v, err := b.Check(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(limits)
			if want := append([]float64{1}, slices.Repeat([]float64{tc.want}, 8)...); !slices.Equal(limits, want) {
				t.Errorf("asked for %v tokens, want %v", limits, want)
			}
			if v.Queries != 4 || v.MaxAnswerTokens != max(tc.bound, int(min(tc.want, CheckAnswerTokens))) || v.Cut != 0 || v.Stopped || !v.OK {
				t.Errorf("verdict is %+v", v)
			}
		})
	}
	for _, wrong := range []CheckRequest{{MaxAnswerTokens: -1}, {TimeLimit: -1}} {
		if _, err := b.Check(t.Context(), wrong); !errors.As(err, new(*UsageError)) {
			t.Errorf("negative bound: %v", err)
		}
	}
}

// llamaLibrary returns the folder in NERBENCH_LLAMA_LIB, or that of the CPU build. Without
// it the test is skipped.
func llamaLibrary(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("NERBENCH_LLAMA_LIB"); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := llamacpp.CacheFolder(cache, "cpu")
	if _, err := llamacpp.Find(dir, ""); err != nil {
		reference.Skip(t, err.Error())
	}
	return dir
}

// checkOfRandom returns a request to check a model with random weights in the process.
func checkOfRandom(t *testing.T) CheckRequest {
	t.Helper()
	library := llamaLibrary(t)
	var model bytes.Buffer
	if err := tinymodel.WriteSize(&model, 3, tinymodel.Size{Vocabulary: 4096, Width: 256, Heads: 4, Layers: 3, Inner: 512}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "random.gguf")
	if err := os.WriteFile(file, model.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := checkOf("gguf/" + file)
	r.Local = open.Local{Library: library, Threads: 1}
	return r
}

// TestCheckBound checks that a model generates no more tokens than the limit. A model
// with random weights seldom ends an answer, so it generates almost as many.
func TestCheckBound(t *testing.T) {
	var noted notes
	b := &Bench{Notify: noted.add}
	r := checkOfRandom(t)
	r.MaxAnswerTokens = 24
	v, err := b.Check(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if most := 2*4*24 + 1; v.AnswerTokens == nil || *v.AnswerTokens > most || *v.AnswerTokens < most/2 {
		t.Errorf("%d tokens were generated, want at most %d and about as many", v.generated, most)
	}
	if v.OK || v.Queries != 4 || v.TimeLimit != "2m0s" {
		t.Errorf("verdict is %+v", v)
	}
	for _, want := range []string{
		"opening " + r.Plan.Model, "sending 4 queries twice, then the longest query: at most 24 tokens an answer, at most 2m0s in total",
		"4 of 4 queries were sent twice, ",
	} {
		if !strings.Contains(noted.String(), want) {
			t.Errorf("no note has %q:\n%s", want, &noted)
		}
	}
	r.TimeLimit = 1
	if v, err = b.Check(t.Context(), r); err != nil || v.OK || !v.Stopped || v.AnswerTokens == nil || *v.AnswerTokens != 0 {
		t.Errorf("without time: %v, %+v", err, v)
	}
}

// TestWritten checks that a model in the process counts the tokens that it generates. A
// model of a server does not.
func TestWritten(t *testing.T) {
	r := checkOfRandom(t)
	m, err := prepare(t, &Bench{}, r.Request).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if tokens, known := m.Written(); tokens != 0 || !known {
		t.Errorf("before an answer: %d, %v", tokens, known)
	}
	answers, err := m.Runner.Complete(t.Context(), []ner.Query{{Prompt: ner.Prompt{Text: "a b c", MaxTokens: 9}}})
	if err != nil {
		t.Fatal(err)
	}
	if tokens, known := m.Written(); int(tokens) != answers[0].AnswerTokens || tokens == 0 || !known {
		t.Errorf("after %d tokens: %d, %v", answers[0].AnswerTokens, tokens, known)
	}
	if _, known := (&open.Model{}).Written(); known {
		t.Error("a model without a counter has one")
	}
}

// slow is a runner with the same answer to each query, after a delay.
type slow struct {
	delay  time.Duration
	answer ner.Completion
	err    error
}

func (s slow) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	var answers []ner.Completion
	for range queries {
		select {
		case <-time.After(s.delay):
			answers = append(answers, s.answer)
		case <-ctx.Done():
			return answers, ctx.Err()
		}
	}
	return answers, s.err
}

// TestCheckTime checks that the time limit ends a check without an error, and that the
// caller and the server end it with an error.
func TestCheckTime(t *testing.T) {
	broken := errors.New("broken")
	answer := ner.Completion{Text: "[]", Finish: ner.FinishStop, AnswerTokens: 2}
	for _, tc := range []struct {
		name    string
		runner  slow
		stop    time.Duration // by the caller; 0: never
		err     error
		stopped bool
		tokens  int
		notes   []string
	}{
		{name: "in time", runner: slow{delay: time.Second}, tokens: 18, notes: []string{
			"sending 4 queries twice, then the longest query: at most 128 tokens an answer, at most 1m0s in total",
			"waiting for answers, 5s of 1m0s", "4 of 4 queries were sent twice, 16 tokens were generated",
		}},
		{name: "between two rounds", runner: slow{delay: 11 * time.Second}, stopped: true, tokens: 10, notes: []string{
			"waiting for answers, 55s of 1m0s",
		}},
		{name: "at once", runner: slow{delay: time.Hour}, stopped: true},
		{name: "stopped by the caller", runner: slow{delay: 7 * time.Second}, stop: 10 * time.Second, err: context.Canceled, tokens: 2},
		{name: "broken", runner: slow{err: broken}, err: broken, tokens: 8},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var noted notes
				b := &Bench{Notify: noted.add}
				r := checkOf("ollama/tiny")
				r.TimeLimit = time.Minute
				tc.runner.answer = answer
				v, err := probeWith(t, b, r, tc.runner, tc.stop)
				if !errors.Is(err, tc.err) || v.Stopped != tc.stopped || v.generated != tc.tokens {
					t.Errorf("error %v, stopped %v, %d tokens", err, v.Stopped, v.generated)
				}
				for _, want := range tc.notes {
					if !strings.Contains(noted.String(), want) {
						t.Errorf("no note has %q:\n%s", want, &noted)
					}
				}
			})
		})
	}
}

// probeWith sends the queries of a check to a runner, with a time limit.
func probeWith(t *testing.T, b *Bench, r CheckRequest, runner runners.Runner, stop time.Duration) (*Checked, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if stop > 0 {
		defer time.AfterFunc(stop, cancel).Stop()
	}
	if err := r.complete(); err != nil {
		t.Fatal(err)
	}
	p := prepare(t, b, r.Request)
	v := &Checked{Outcomes: map[ner.Outcome]int{}}
	probe, err := b.newProbe(&r, v, &open.Model{Runner: runner}, p.Renderer, p.Dataset, p.found.part, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, longest, err := b.chooseQueries(ctx, p.Renderer, p.Dataset, p.found)
	if err != nil {
		t.Fatal(err)
	}
	_, err = probe.run(ctx, first, longest)
	return v, err
}

// TestCheckCut checks that a malformed answer is not judged if it reached the limit of
// the check, but is judged if it reached the limit of a run or ended by itself.
func TestCheckCut(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer ner.Completion
		bound  int
		cut    int
		want   map[ner.Outcome]int
	}{
		{"malformed at the limit of the check", ner.Completion{Text: "[\"a", Finish: ner.FinishLength}, 128, 4, map[ner.Outcome]int{}},
		{"malformed at the limit of a run", ner.Completion{Text: "no list", Finish: ner.FinishLength}, 100_000, 0, map[ner.Outcome]int{ner.Truncated: 4}},
		{"malformed by itself", ner.Completion{Text: "no list", Finish: ner.FinishStop}, 128, 0, map[ner.Outcome]int{ner.NoStructure: 4}},
		{"repaired at the limit of the check", ner.Completion{Text: "[]", Finish: ner.FinishLength}, 128, 0, map[ner.Outcome]int{ner.Repaired: 4}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := checkOf("ollama/tiny")
			r.MaxAnswerTokens = tc.bound
			v, err := probeWith(t, &Bench{}, r, slow{answer: tc.answer}, 0)
			if err != nil || v.Cut != tc.cut || !maps.Equal(v.Outcomes, tc.want) {
				t.Errorf("error %v, %d cut, outcomes %v", err, v.Cut, v.Outcomes)
			}
		})
	}
}

// TestJudge checks the verdict of a check.
func TestJudge(t *testing.T) {
	r := prepare(t, &Bench{}, checkOf("ollama/tiny").Request).Request
	for _, tc := range []struct {
		name     string
		verdict  Checked
		ok       bool
		contains string
	}{
		{"all parsed", Checked{Queries: 4, Outcomes: map[ner.Outcome]int{ner.OK: 4}}, true, ""},
		{"some cut", Checked{Queries: 4, Cut: 1, MaxAnswerTokens: 9, Outcomes: map[ner.Outcome]int{ner.OK: 3}}, true, "1 of 4 answers did not end within 9 tokens"},
		{"all cut", Checked{Queries: 4, Cut: 4, MaxAnswerTokens: 9}, false, "no answer ended within 9 tokens"},
		{"stopped between two queries", Checked{Stopped: true, TimeLimit: "1s", Outcomes: map[ner.Outcome]int{ner.OK: 2}}, true, "the time limit of 1s ended the check"},
		{"stopped at once", Checked{Stopped: true, TimeLimit: "1s"}, false, "no answer came within 1s"},
		{"no queries", Checked{}, false, "sample-law has no queries"},
		{"refused", Checked{Queries: 4, Example: "no", Outcomes: map[ner.Outcome]int{ner.Refused: 4}, answerer: "the program"}, false, "the program refuses the queries: no"},
		{"another family", Checked{Queries: 4, Outcomes: map[ner.Outcome]int{ner.NoStructure: 4}}, false, "is uniner the prompt family"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := tc.verdict
			v.judge(r, nil, nil, ner.Completion{})
			said := strings.Join(append(v.Problems, v.Remarks...), "; ")
			if v.OK != tc.ok || !strings.Contains(said, tc.contains) || tc.contains == "" && said != "" {
				t.Errorf("%v, %q", v.OK, said)
			}
		})
	}
}
