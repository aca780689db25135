// Package runnertest is the conformance suite of runners. It tests the properties that
// the loop and the store depend on.
package runnertest

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/ner"
	"nerbench/runners"
)

// Suite describes the runner under test.
type Suite struct {
	// New makes a runner. It may register a cleanup with the test.
	New func(t *testing.T) runners.Runner
	// Query makes a query about a text. Different texts give different queries.
	Query func(text string) ner.Query
	// Answer is the answer to the query about a text, byte for byte; nil if it cannot
	// be predicted, as for a model.
	Answer func(text string) string
	// TooLong is a text that the runner must refuse; empty: there is none.
	TooLong string
	// Slow makes a runner with slow answers; nil: there is none.
	Slow func(t *testing.T) runners.Runner
	// Tokens: the runner reports token counts.
	Tokens bool
}

// texts are difficult inputs: the empty text, quotes, line ends, markup, control
// strings, scripts, combining marks, joiners.
var texts = []string{
	"Mira left Port Varna .", "", `"quoted" \ back [0] {x} %s $1`, "line\nend\ttab\r\n", "<b>&amp;</b> </s> <|im_end|>",
	"Zoë نور 東京 👩‍🚀 e\u0301 \u00a0\u2028", strings.Repeat("long ", 100),
}

// Run tests a runner.
func Run(t *testing.T, s Suite) {
	t.Run("order", func(t *testing.T) { s.order(t) })
	t.Run("no queries", func(t *testing.T) {
		got, err := s.New(t).Complete(t.Context(), nil)
		if err != nil || len(got) != 0 {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("repeatable", func(t *testing.T) { s.repeatable(t) })
	t.Run("handed over", func(t *testing.T) { s.handedOver(t) })
	t.Run("several at once", func(t *testing.T) { s.concurrent(t) })
	t.Run("cancelled", func(t *testing.T) { s.cancelled(t) })
	if s.TooLong != "" {
		t.Run("too long", func(t *testing.T) { s.tooLong(t) })
	}
}

func (s Suite) queries() []ner.Query {
	var queries []ner.Query
	for _, text := range texts {
		queries = append(queries, s.Query(text))
	}
	return queries
}

// order: each query gets one completion, in the order of the queries, byte for byte.
func (s Suite) order(t *testing.T) {
	queries := s.queries()
	got, err := s.New(t).Complete(t.Context(), queries)
	if err != nil {
		t.Fatal(err)
	}
	s.check(t, got)
	for i, c := range got {
		if c.Finish != ner.FinishStop && c.Finish != ner.FinishLength && c.Finish != ner.FinishUnknown {
			t.Errorf("%q: finish is %q", texts[i], c.Finish)
		}
		if s.Tokens && c.Finish != ner.FinishUnknown && (c.PromptTokens <= 0 || c.AnswerTokens < 0) {
			t.Errorf("%q: %d prompt tokens, %d answer tokens", texts[i], c.PromptTokens, c.AnswerTokens)
		}
	}
}

func (s Suite) check(t *testing.T, got []ner.Completion) {
	t.Helper()
	if len(got) != len(texts) {
		t.Fatalf("%d completions for %d queries", len(got), len(texts))
	}
	for i, c := range got {
		if s.Answer != nil && c.Text != s.Answer(texts[i]) {
			t.Errorf("%q: answer %q, want %q", texts[i], c.Text, s.Answer(texts[i]))
		}
	}
}

// repeatable: the same queries get the same answers.
func (s Suite) repeatable(t *testing.T) {
	differ, err := runners.Repeatability(t.Context(), s.New(t), s.queries())
	if err != nil || differ > 0 {
		t.Errorf("%d answers differ, %v", differ, err)
	}
}

// handedOver: each completion is handed over once, before Complete returns, and is the
// one that Complete returns.
func (s Suite) handedOver(t *testing.T) {
	queries := s.queries()
	handed := make([][]ner.Completion, len(queries))
	ctx := runners.WithAnswered(t.Context(), func(some []ner.Query, completions []ner.Completion) {
		for k := range some {
			for i := range queries {
				if &queries[i] == &some[k] {
					handed[i] = append(handed[i], completions[k])
				}
			}
		}
	})
	got, err := s.New(t).Complete(ctx, queries)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range got {
		if len(handed[i]) != 1 || handed[i][0] != c {
			t.Errorf("%q: handed over %+v, returned %+v", texts[i], handed[i], c)
		}
	}
}

// concurrent: the answers of concurrent passages do not mix, and no goroutine is left.
func (s Suite) concurrent(t *testing.T) {
	before := runtime.NumGoroutine()
	r := s.New(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got, err := r.Complete(t.Context(), s.queries())
			if err != nil {
				t.Error(err)
				return
			}
			s.check(t, got)
		})
	}
	group.Wait()
	if closer, ok := r.(interface{ Close() }); ok {
		closer.Close()
	}
	for range 3000 { // connections end some time later
		if runtime.NumGoroutine() <= before+8 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// cancelled: when the context ends, Complete ends, and the error is not one of the
// server.
func (s Suite) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := s.New(t).Complete(ctx, s.queries())
	if !errors.Is(err, context.Canceled) || errors.Is(err, runners.ErrTemporary) || len(got) != 0 {
		t.Errorf("before: got %d completions, %v", len(got), err)
	}
	if s.Slow == nil {
		return
	}
	slow := s.Slow(t)
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err = slow.Complete(ctx, s.queries()); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, runners.ErrTemporary) {
		t.Errorf("in the middle: %v", err)
	}
}

// tooLong: a prompt that does not fit gets a completion with this finish reason, and
// the other queries are answered.
func (s Suite) tooLong(t *testing.T) {
	got, err := s.New(t).Complete(t.Context(), []ner.Query{s.Query(texts[0]), s.Query(s.TooLong), s.Query(texts[0])})
	if err != nil {
		t.Fatal(err)
	}
	if got[1].Finish != ner.FinishTooLong || got[1].Text != "" || got[0].Finish == ner.FinishTooLong || got[2].Text != got[0].Text {
		t.Errorf("got %+v", got)
	}
}
