package runners

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nerbench/internal/retry"
	"nerbench/ner"
)

// refusing is a server with a number of slots, in simulated time. If no slot is free,
// it either refuses a request and names a time to wait, or queues it until the client
// gives up.
type refusing struct {
	slots chan struct{}
	after time.Duration // the wait that a refusal asks for; 0: requests are queued
	late  time.Duration // the client's time limit; 0: none

	mu       sync.Mutex
	random   *rand.Rand
	inside   int
	answered int
}

// Complete answers in 10 to 30 ms once a slot is free.
func (s *refusing) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	s.mu.Lock()
	if s.after > 0 && s.inside >= cap(s.slots) {
		s.mu.Unlock()
		return nil, &RetryAfter{Wait: s.after, Err: fmt.Errorf("%w: %w", &StatusError{Code: 429}, ErrTemporary)}
	}
	s.inside++
	took := 10*time.Millisecond + time.Duration(s.random.Int64N(int64(20*time.Millisecond)))
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inside--
	}()
	if s.late > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.late)
		defer cancel()
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ctx.Err(), ErrTemporary)
	}
	defer func() { <-s.slots }()
	if err := retry.Sleep(ctx, took); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrTemporary)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered += len(queries)
	return make([]ner.Completion, len(queries)), nil
}

// rate is the number of answers per second after begin, for 128 callers. As in a run,
// a refused passage waits in its slot, and busy is called.
func (s *refusing) rate(t *testing.T, through slots, busy func(), begin, over time.Duration) float64 {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	runner := Retry(s, Policy{Attempts: 1000, First: time.Second, Longest: 30 * time.Second, Patience: time.Hour,
		Failed: func(error, time.Duration) { busy() }})
	var group sync.WaitGroup
	for range 128 {
		group.Go(func() {
			for through.Acquire(ctx) == nil {
				start := time.Now()
				got, err := runner.Complete(ctx, ask("a", "b", "c"))
				if ctx.Err() != nil {
					err = nil // the test ended it
				}
				through.Release(len(got), time.Since(start), err)
			}
		})
	}
	count := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.answered
	}
	time.Sleep(begin)
	before := count()
	time.Sleep(over)
	n := count() - before
	cancel()
	group.Wait()
	return float64(n) / over.Seconds()
}

// TestAdaptiveAmongRefusals: after 20 seconds, the rate is within 5 % of the best fixed
// setting, although a failed try costs a second.
func TestAdaptiveAmongRefusals(t *testing.T) {
	for _, manner := range []struct {
		name        string
		after, late time.Duration
	}{
		{"queue", 0, 0},
		{"Retry-After", time.Second, 0},
		{"timeouts", 0, 50 * time.Millisecond},
	} {
		for _, width := range []int{1, 4, 16, 64} {
			t.Run(fmt.Sprintf("%d slots, %s", width, manner.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := func() *refusing {
						return &refusing{slots: make(chan struct{}, width), after: manner.after, late: manner.late, random: rand.New(rand.NewPCG(1, uint64(width)))}
					}
					best := 0.0
					for _, n := range []int{1, 2, 4, 8, 16, 32, 64} {
						best = max(best, server().rate(t, NewFixed(n), func() {}, time.Second, 4*time.Second))
					}
					a := NewAdaptive(64)
					if got := server().rate(t, a, a.Busy, 20*time.Second, time.Minute); got < 0.95*best {
						t.Errorf("%.0f queries/s with %d slots at the end, %.0f with the best fixed setting: %.3f", got, a.Limit(), best, got/best)
					}
				})
			})
		}
	}
}
