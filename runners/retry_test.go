package runners

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nerbench/ner"
)

// script is a runner with one step per call: it answers a number of queries, then
// fails.
type script struct {
	steps []step
	calls []call
	start time.Time
}

type step struct {
	answer int
	err    error
}

type call struct {
	at      time.Duration
	prompts string
}

func (s *script) Complete(_ context.Context, queries []ner.Query) ([]ner.Completion, error) {
	var prompts []string
	for _, q := range queries {
		prompts = append(prompts, q.Prompt.Text)
	}
	s.calls = append(s.calls, call{time.Since(s.start), strings.Join(prompts, " ")})
	next := s.steps[0]
	s.steps = s.steps[1:]
	n := min(next.answer, len(queries))
	var out []ner.Completion
	for _, q := range queries[:n] {
		out = append(out, ner.Completion{Text: "re: " + q.Prompt.Text})
	}
	return out, next.err
}

func ask(prompts ...string) []ner.Query {
	var out []ner.Query
	for _, p := range prompts {
		out = append(out, ner.Query{Prompt: ner.Prompt{Text: p}})
	}
	return out
}

func texts(completions []ner.Completion) []string {
	var out []string
	for _, c := range completions {
		out = append(out, c.Text)
	}
	return out
}

var errBusy = fmt.Errorf("busy: %w", ErrTemporary)

func TestRetry(t *testing.T) {
	later := func(d time.Duration) error { return &RetryAfter{Wait: d, Err: errBusy} }
	second := time.Second
	broken := errors.New("no such file")
	policy := Policy{Attempts: 4, First: second, Longest: 3 * second, Patience: time.Minute}
	for _, tc := range []struct {
		name   string
		policy Policy
		steps  []step
		calls  []call
		answer []string
		err    error // nil: none
		text   string
	}{
		{
			name: "no failure", policy: policy, steps: []step{{3, nil}},
			calls: []call{{0, "a b c"}}, answer: []string{"re: a", "re: b", "re: c"},
		},
		{
			name: "waits double up to the longest", policy: policy,
			steps:  []step{{0, errBusy}, {0, errBusy}, {0, errBusy}, {3, nil}},
			calls:  []call{{0, "a b c"}, {1 * second, "a b c"}, {3 * second, "a b c"}, {6 * second, "a b c"}},
			answer: []string{"re: a", "re: b", "re: c"},
		},
		{
			name: "resumes at the first unanswered query", policy: policy,
			steps:  []step{{1, errBusy}, {1, errBusy}, {1, nil}},
			calls:  []call{{0, "a b c"}, {1 * second, "b c"}, {2 * second, "c"}},
			answer: []string{"re: a", "re: b", "re: c"},
		},
		{
			name: "an answer resets the count of attempts", policy: Policy{Attempts: 2, First: second, Longest: second},
			steps:  []step{{0, errBusy}, {1, errBusy}, {1, errBusy}, {1, nil}},
			calls:  []call{{0, "a b c"}, {1 * second, "a b c"}, {2 * second, "b c"}, {3 * second, "c"}},
			answer: []string{"re: a", "re: b", "re: c"},
		},
		{
			name: "gives up", policy: Policy{Attempts: 3, First: second, Longest: second},
			steps:  []step{{1, errBusy}, {0, errBusy}, {0, errBusy}},
			calls:  []call{{0, "a b c"}, {1 * second, "b c"}, {2 * second, "b c"}},
			answer: []string{"re: a"}, err: ErrTemporary, text: "busy: temporary failure (3 attempts)",
		},
		{
			name: "a policy without attempts has one", policy: Policy{}, steps: []step{{0, errBusy}},
			calls: []call{{0, "a b c"}}, err: ErrTemporary, text: "busy: temporary failure (1 attempts)",
		},
		{
			name: "a permanent failure is not retried", policy: policy, steps: []step{{1, broken}},
			calls: []call{{0, "a b c"}}, answer: []string{"re: a"}, err: broken, text: "no such file",
		},
		{
			name: "fatal wins over temporary", policy: policy, steps: []step{{0, fmt.Errorf("%w, %w", ErrFatal, ErrTemporary)}},
			calls: []call{{0, "a b c"}}, err: ErrFatal, text: "the run cannot continue, temporary failure",
		},
		{
			name: "the server asks for a longer wait", policy: policy, steps: []step{{0, later(20 * second)}, {3, nil}},
			calls: []call{{0, "a b c"}, {20 * second, "a b c"}}, answer: []string{"re: a", "re: b", "re: c"},
		},
		{
			name: "the server asks for a shorter wait", policy: policy, steps: []step{{0, later(time.Millisecond)}, {3, nil}},
			calls: []call{{0, "a b c"}, {1 * second, "a b c"}}, answer: []string{"re: a", "re: b", "re: c"},
		},
		{
			name: "the server asks for too long a wait", policy: policy, steps: []step{{1, fmt.Errorf("x: %w", later(time.Hour))}},
			calls: []call{{0, "a b c"}}, answer: []string{"re: a"}, err: ErrTemporary,
			text: "x: busy: temporary failure (the server asks to wait 1h0m0s, longer than 1m0s)",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: tc.steps, start: time.Now()}
				got, err := Retry(s, tc.policy).Complete(t.Context(), ask("a", "b", "c"))
				if !errors.Is(err, tc.err) {
					t.Errorf("error %v, want %v", err, tc.err)
				}
				if err != nil && err.Error() != tc.text {
					t.Errorf("error %q, want %q", err, tc.text)
				}
				if !slices.Equal(texts(got), tc.answer) {
					t.Errorf("answers %q, want %q", texts(got), tc.answer)
				}
				if !slices.Equal(s.calls, tc.calls) {
					t.Errorf("calls %v, want %v", s.calls, tc.calls)
				}
				if len(s.steps) > 0 {
					t.Errorf("%d steps were not reached", len(s.steps))
				}
			})
		})
	}
}

func TestRetryStopsWhenTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		start := time.Now()
		s := &script{steps: []step{{1, errBusy}, {0, errBusy}}, start: start}
		got, err := Retry(s, Policy{Attempts: 9, First: time.Minute, Longest: time.Hour}).Complete(ctx, ask("a", "b"))
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTemporary) {
			t.Errorf("error %v, want only the context's", err)
		}
		if want := []string{"re: a"}; !slices.Equal(texts(got), want) {
			t.Errorf("answers %q, want %q", texts(got), want)
		}
		if took := time.Since(start); took != 90*time.Second {
			t.Errorf("took %s, want 1m30s", took)
		}
	})
}

func TestRetryDoesNotWaitForAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &script{steps: []step{{0, errBusy}}}
	if _, err := Retry(s, Policy{Attempts: 9, First: time.Hour, Longest: time.Hour}).Complete(ctx, ask("a")); !errors.Is(err, ErrTemporary) {
		t.Errorf("error %v, want that of the runner", err)
	}
}

func TestRetryTellsOfEveryFailureThatIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		p := Policy{Attempts: 3, First: time.Second, Longest: time.Minute}
		p.Failed = func(err error, wait time.Duration) {
			if !errors.Is(err, ErrTemporary) {
				t.Errorf("Failed was called with %v", err)
			}
			waits = append(waits, wait)
		}
		s := &script{steps: []step{{0, errBusy}, {0, errBusy}, {0, errBusy}}, start: time.Now()}
		if _, err := Retry(s, p).Complete(t.Context(), ask("a")); err == nil {
			t.Error("no error")
		}
		if want := []time.Duration{time.Second, 2 * time.Second}; !slices.Equal(waits, want) {
			t.Errorf("waits %v, want %v", waits, want)
		}
	})
}

func TestWait(t *testing.T) {
	at := func(x float64) func() float64 { return func() float64 { return x } }
	for _, tc := range []struct {
		name   string
		jitter func() float64
		n      int
		want   time.Duration
	}{
		{"first", nil, 1, time.Second},
		{"third", nil, 3, 4 * time.Second},
		{"longest", nil, 5, 10 * time.Second},
		{"no overflow", nil, 1_000_000, 10 * time.Second},
		{"smallest jitter: half of the wait", at(0), 2, time.Second},
		{"jitter in the middle", at(0.5), 2, 1500 * time.Millisecond},
		{"largest jitter: below the whole wait", at(0.999), 2, 1999 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := Policy{First: time.Second, Longest: 10 * time.Second, Jitter: tc.jitter}
			if got := p.wait(tc.n); got != tc.want {
				t.Errorf("wait(%d) = %s, want %s", tc.n, got, tc.want)
			}
		})
	}
}

func TestRepeatability(t *testing.T) {
	calls := 0
	flaky := runnerFunc(func(_ context.Context, queries []ner.Query) ([]ner.Completion, error) {
		calls++
		out := make([]ner.Completion, len(queries))
		out[1].Text = strings.Repeat("x", calls)
		if calls == 2 {
			out[2].Finish = ner.FinishLength
		}
		out[3].Duration = time.Duration(calls) // durations may differ
		return out, nil
	})
	differ, err := Repeatability(t.Context(), flaky, ask("a", "b", "c", "d"))
	if err != nil || differ != 2 {
		t.Errorf("%d differ, error %v; want 2, none", differ, err)
	}
	down := runnerFunc(func(context.Context, []ner.Query) ([]ner.Completion, error) { return nil, errBusy })
	if _, err := Repeatability(t.Context(), down, ask("a")); !errors.Is(err, ErrTemporary) {
		t.Errorf("error %v, want ErrTemporary", err)
	}
}

type runnerFunc func(context.Context, []ner.Query) ([]ner.Completion, error)

func (f runnerFunc) Complete(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
	return f(ctx, q)
}

func TestMark(t *testing.T) {
	cause := errors.New("connection refused")
	err := Mark(cause, ErrTemporary)
	if !errors.Is(err, ErrTemporary) || !errors.Is(err, cause) || errors.Is(err, ErrFatal) || err.Error() != "connection refused" {
		t.Errorf("marked: %v", err)
	}
}
