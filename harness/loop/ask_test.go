package loop

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/runnertest"
)

// runnerFunc is a function as a runner.
type runnerFunc func(context.Context, []ner.Query) ([]ner.Completion, error)

func (f runnerFunc) Complete(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
	return f(ctx, q)
}

// echo answers each query with its own prompt.
func echo(_ context.Context, queries []ner.Query) ([]ner.Completion, error) {
	var out []ner.Completion
	for _, q := range queries {
		out = append(out, ner.Completion{Text: q.Prompt.Text, Finish: ner.FinishStop})
	}
	return out, nil
}

func passages(n int) iter.Seq2[*ner.Document, error] {
	return func(yield func(*ner.Document, error) bool) {
		for i := range n {
			if !yield(&ner.Document{ID: fmt.Sprintf("dataset/test/%d", i), Text: fmt.Sprintf("text %d", i)}, nil) {
				return
			}
		}
	}
}

// twoTypes returns two queries about each passage.
func twoTypes(d *ner.Document) ([]ner.Query, error) {
	var out []ner.Query
	for _, t := range []ner.EntityType{"person", "place"} {
		out = append(out, ner.Query{Document: d, Types: []ner.EntityType{t}, Prompt: ner.Prompt{Text: d.Text + " " + string(t)}})
	}
	return out, nil
}

func plan(store *runnertest.Memory, runner runners.Runner, n int) Plan {
	return Plan{
		Documents: passages(n), Queries: twoTypes, Identity: "model", Decoding: "greedy",
		Runner: runner, Slots: runners.NewFixed(4), Recorder: store,
		Done: store.Done,
	}
}

func TestAskAsksEverythingOnce(t *testing.T) {
	store := runnertest.NewMemory()
	got, err := Ask(t.Context(), plan(store, runnerFunc(echo), 50))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Asked{Passages: 50, Complete: 50, Queries: 100}); got != want {
		t.Errorf("asked %+v, want %+v", got, want)
	}
	for i := range 50 {
		answers := store.Complete[i].Answers
		if len(answers) != 2 || answers[0].Completion.Text != fmt.Sprintf("text %d person", i) || answers[1].Completion.Text != fmt.Sprintf("text %d place", i) {
			t.Fatalf("passage %d: %+v", i, answers)
		}
	}
	again, err := Ask(t.Context(), plan(store, runnerFunc(func(context.Context, []ner.Query) ([]ner.Completion, error) {
		t.Error("a finished run asked again")
		return nil, errors.New("asked again")
	}), 50))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Asked{Passages: 50, Skipped: 50}); again != want {
		t.Errorf("again %+v, want %+v", again, want)
	}
}

func TestAskKeepsWhatWasAnsweredBeforeAFailure(t *testing.T) {
	store := runnertest.NewMemory()
	broken := true
	flaky := runnerFunc(func(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
		if broken && q[0].Document.ID == "dataset/test/3" {
			out, _ := echo(ctx, q[:1])
			return out, fmt.Errorf("connection lost: %w", runners.ErrTemporary)
		}
		return echo(ctx, q)
	})
	got, err := Ask(t.Context(), plan(store, flaky, 10))
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(got.Failure, runners.ErrTemporary) {
		t.Errorf("the failure is %v, want the runner's", got.Failure)
	}
	got.Failure = nil
	if want := (Asked{Passages: 10, Complete: 9, Incomplete: 1, Queries: 19}); got != want {
		t.Errorf("asked %+v, want %+v", got, want)
	}
	broken = false
	var asked []string
	p := plan(store, runnerFunc(func(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
		for _, one := range q {
			asked = append(asked, one.Prompt.Text)
		}
		return echo(ctx, q)
	}), 10)
	got, err = Ask(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"text 3 place"}; !slices.Equal(asked, want) {
		t.Errorf("second time asked %q, want %q", asked, want)
	}
	if want := (Asked{Passages: 10, Skipped: 9, Complete: 1, Queries: 1, Cached: 1}); got != want {
		t.Errorf("asked %+v, want %+v", got, want)
	}
}

// TestAskGivesUpOnADeadServer checks that Ask stops after three failures in a row, with
// any number of passages at once.
func TestAskGivesUpOnADeadServer(t *testing.T) {
	for _, slots := range []int{1, 4, 64} {
		synctest.Test(t, func(t *testing.T) {
			dead := runnerFunc(func(context.Context, []ner.Query) ([]ner.Completion, error) {
				time.Sleep(time.Minute) // the attempts of a patient runner
				return nil, fmt.Errorf("connection refused: %w", runners.ErrTemporary)
			})
			p := plan(runnertest.NewMemory(), dead, 10_000)
			p.Slots = runners.NewFixed(slots)
			start := time.Now()
			got, err := Ask(t.Context(), p)
			if !errors.Is(err, runners.ErrTemporary) {
				t.Fatalf("error %v, want one that wraps ErrTemporary", err)
			}
			if took := time.Since(start); took != 3*time.Minute {
				t.Errorf("%d slots: gave up after %s, want three attempts", slots, took)
			}
			if got.Incomplete > 3*slots {
				t.Errorf("%d slots: %d passages were tried", slots, got.Incomplete)
			}
		})
	}
}

// TestAskGoesOnWhileTheServerAnswers checks that failures with answers between them do not
// end a run.
func TestAskGoesOnWhileTheServerAnswers(t *testing.T) {
	n := 0
	shaky := runnerFunc(func(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
		if n++; n%3 != 0 {
			return nil, fmt.Errorf("busy: %w", runners.ErrTemporary)
		}
		return echo(ctx, q)
	})
	p := plan(runnertest.NewMemory(), shaky, 30)
	p.Slots = runners.NewFixed(1)
	got, err := Ask(t.Context(), p)
	if err != nil || got.Complete != 10 || got.Incomplete != 20 {
		t.Errorf("asked %+v: %v, want 10 complete and 20 incomplete", got, err)
	}
}

func TestAskStopsAtAFatalError(t *testing.T) {
	fatal := runnerFunc(func(context.Context, []ner.Query) ([]ner.Completion, error) {
		return nil, fmt.Errorf("unknown model: %w", runners.ErrFatal)
	})
	if _, err := Ask(t.Context(), plan(runnertest.NewMemory(), fatal, 1000)); !errors.Is(err, runners.ErrFatal) {
		t.Fatalf("error %v, want ErrFatal", err)
	}
}

func TestAskStopsWhenTheStoreFails(t *testing.T) {
	store := runnertest.NewMemory()
	store.Fail = errors.New("store: disk full")
	if _, err := Ask(t.Context(), plan(store, runnerFunc(echo), 1000)); !errors.Is(err, store.Fail) {
		t.Fatalf("error %v, want %v", err, store.Fail)
	}
}

func TestAskStopsAtBadData(t *testing.T) {
	bad := errors.New("file:3: unknown label")
	p := plan(runnertest.NewMemory(), runnerFunc(echo), 0)
	p.Documents = func(yield func(*ner.Document, error) bool) {
		for d := range passages(5) {
			if !yield(d, nil) {
				return
			}
		}
		yield(nil, bad)
	}
	if _, err := Ask(t.Context(), p); !errors.Is(err, bad) {
		t.Fatalf("error %v, want %v", err, bad)
	}
}

func TestAskKeepsEverythingWhenInterrupted(t *testing.T) {
	store := runnertest.NewMemory()
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	answered := 0
	slow := runnerFunc(func(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
		out, err := echo(ctx, q)
		mu.Lock()
		defer mu.Unlock()
		if answered += len(out); answered >= 40 {
			cancel()
		}
		return out, err
	})
	_, err := Ask(ctx, plan(store, slow, 1000))
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want context.Canceled", err)
	}
	if len(store.Answers) != answered {
		t.Errorf("store has %d answers of %d", len(store.Answers), answered)
	}
}

// refusing is a runner that refuses the passages with some numbers.
func refusing(numbers ...int) runnerFunc {
	return func(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
		out, err := echo(ctx, q)
		for _, n := range numbers {
			if q[0].Document.ID == fmt.Sprintf("dataset/test/%d", n) {
				for i := range out {
					out[i] = ner.Completion{Finish: ner.FinishRefused, Text: "400 Bad Request: content management policy"}
				}
			}
		}
		return out, err
	}
}

// TestAskGoesOnAfterARefusal: a passage that the server refuses is complete, wherever it
// stands, and the reason is observed.
func TestAskGoesOnAfterARefusal(t *testing.T) {
	for name, refused := range map[string][]int{"first": {0, 1}, "middle": {3, 4, 5, 6}, "last": {18, 19}, "many": {0, 5, 6, 7, 8, 12, 19}} {
		t.Run(name, func(t *testing.T) {
			store := runnertest.NewMemory()
			p := plan(store, refusing(refused...), 20)
			p.Slots = runners.NewFixed(1)
			var mu sync.Mutex
			named := map[string]bool{}
			p.Observe = func(f Finished) {
				mu.Lock()
				defer mu.Unlock()
				if f.Refused != "" {
					named[f.Document.ID] = true
				}
			}
			got, err := Ask(t.Context(), p)
			if want := (Asked{Passages: 20, Complete: 20, Queries: 40, Refused: 2 * len(refused)}); err != nil || got != want {
				t.Errorf("asked %+v, %v, want %+v", got, err, want)
			}
			for i := range 20 {
				want := slices.Contains(refused, i)
				if got := store.Complete[i].Answers[1].Completion.Finish == ner.FinishRefused; got != want || named[fmt.Sprintf("dataset/test/%d", i)] != want {
					t.Errorf("passage %d: refused %v, want %v; observed: %v", i, got, want, named)
				}
			}
		})
	}
}

// TestAskGivesUpOnAServerThatRefusesEverything: its refusals concern no passage, so none
// is stored, and the error names one.
func TestAskGivesUpOnAServerThatRefusesEverything(t *testing.T) {
	all := make([]int, 40)
	for i := range all {
		all[i] = i
	}
	for name, tc := range map[string]struct {
		passages  int
		refused   []int
		complete  int
		gives     bool
		remaining int
	}{
		"at once":          {40, all, 0, true, 0},
		"few passages":     {2, all, 0, false, 2},
		"after an answer":  {40, all[5:], 5, true, 0},
		"after ten in row": {40, all[5:14], 40, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			store := runnertest.NewMemory()
			var sent atomic.Int64
			inner := refusing(tc.refused...)
			p := plan(store, runnerFunc(func(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
				sent.Add(1)
				return inner(ctx, q)
			}), tc.passages)
			p.Slots, p.Answerer = runners.NewFixed(1), "the program"
			got, err := Ask(t.Context(), p)
			if gave := err != nil; gave != tc.gives || gave && !strings.Contains(err.Error(), ": the program refused it: ") {
				t.Errorf("error is %v", err)
			}
			if tc.gives && tc.complete > 0 { // the workers may send some of them before the last answer
				tc.complete = min(max(tc.complete, got.Complete), int(sent.Load())-refusalsInARow)
			}
			if len(store.Complete) != tc.complete || got.Complete != tc.complete || got.Incomplete != tc.remaining {
				t.Errorf("asked %+v, %d stored, want %d complete and %d incomplete", got, len(store.Complete), tc.complete, tc.remaining)
			}
			if tc.remaining > 0 && (got.Failure == nil || !strings.Contains(got.Failure.Error(), "document dataset/test/")) {
				t.Errorf("the failure is %v", got.Failure)
			}
		})
	}
}

// TestAskGoesOnWhenTheModelDeclines: a refusal that the model wrote is an answer, however
// many there are in a row.
func TestAskGoesOnWhenTheModelDeclines(t *testing.T) {
	store := runnertest.NewMemory()
	declines := runnerFunc(func(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
		out, err := echo(ctx, q)
		for i := range out {
			out[i] = ner.Completion{Finish: ner.FinishRefused, Text: "I cannot help with that.", AnswerTokens: 6}
		}
		return out, err
	})
	got, err := Ask(t.Context(), plan(store, declines, 30))
	if err != nil || got.Complete != 30 || got.Refused != 60 {
		t.Errorf("asked %+v, %v", got, err)
	}
}
