package loop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/runnertest"
)

// slowStore commits when it is told to.
type slowStore struct {
	*runnertest.Memory
	mu        sync.Mutex
	committed []func()
}

func (s *slowStore) Committed(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.committed = append(s.committed, f)
}

// fullStore stores nothing.
type fullStore struct{ *slowStore }

func (fullStore) Record(context.Context, ner.Passage, bool) error { return errors.New("disk full") }

// TestRunnersAreToldWhenAnswersAreStored: after the commit, and at once of answers that are
// not stored on purpose; of a passage that cannot be stored, never.
func TestRunnersAreToldWhenAnswersAreStored(t *testing.T) {
	var mu sync.Mutex
	told := ""
	runner := runnerFunc(func(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
		number := q[0].Document.ID[len("dataset/test/"):]
		if !runners.WhenStored(ctx, func() {
			mu.Lock()
			defer mu.Unlock()
			told += number
		}) {
			t.Error("the runner will not be told")
		}
		switch number {
		case "1": // a part of its answers
			out, _ := echo(ctx, q[:1])
			return out, fmt.Errorf("connection lost: %w", runners.ErrTemporary)
		case "2":
			return []ner.Completion{{Finish: ner.FinishRefused}, {Finish: ner.FinishRefused}}, nil
		}
		return echo(ctx, q)
	})
	for name, tc := range map[string]struct {
		recorder      func(*slowStore) Recorder
		fails         bool
		before, after string
	}{
		"commits later":  {func(s *slowStore) Recorder { return s }, false, "2", "01234"},
		"stores at once": {func(s *slowStore) Recorder { return s.Memory }, false, "01234", "01234"},
		"stores nothing": {func(s *slowStore) Recorder { return fullStore{s} }, true, "", ""},
	} {
		told = ""
		store := &slowStore{Memory: runnertest.NewMemory()}
		p := plan(store.Memory, runner, 5)
		p.Recorder, p.Slots = tc.recorder(store), runners.NewFixed(1)
		if _, err := Ask(t.Context(), p); (err != nil) != tc.fails {
			t.Errorf("%s: %v", name, err)
		}
		numbers := func() string {
			var all []rune
			for _, n := range told {
				if !tc.fails || n != '2' { // it may have been asked before the end
					all = append(all, n)
				}
			}
			slices.Sort(all)
			return string(all)
		}
		if got := numbers(); got != tc.before {
			t.Errorf("%s: before the commit, told of %q, want %q", name, got, tc.before)
		}
		for _, f := range store.committed {
			f()
		}
		if got := numbers(); got != tc.after {
			t.Errorf("%s: told of %q, want %q", name, got, tc.after)
		}
	}
}

// keepingStore notes how many answers were kept at once.
type keepingStore struct {
	*runnertest.Memory
	mu   sync.Mutex
	kept []int
}

func (s *keepingStore) Keep(answers ...ner.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, len(answers))
}

// TestAnswersThatArriveTogetherAreKeptTogether: no commit may have a part of them, since a
// fleet finds the answers to a passage by all that is asked of it.
func TestAnswersThatArriveTogetherAreKeptTogether(t *testing.T) {
	store := &keepingStore{Memory: runnertest.NewMemory()}
	p := plan(store.Memory, runnerFunc(func(ctx context.Context, q []ner.Query) ([]ner.Completion, error) {
		out, err := echo(ctx, q)
		if q[0].Document.ID == "dataset/test/1" { // one after the other
			runners.Answered(ctx, q[:1], out[:1])
			runners.Answered(ctx, q[1:], out[1:])
			return out, err
		}
		runners.Answered(ctx, q, out)
		return out, err
	}), 2)
	p.Recorder, p.Slots = store, runners.NewFixed(1)
	if _, err := Ask(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if want := []int{2, 1, 1}; !slices.Equal(store.kept, want) {
		t.Errorf("kept %v at once, want %v", store.kept, want)
	}
}
