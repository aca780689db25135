package runners

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// queueing is a server with a number of slots and 20 ms per passage, which queues
// further passages. Each queued passage slows the others down by the share thrash, as
// when passages evict each other's prefixes from the cache.
type queueing struct {
	slots  chan struct{}
	thrash float64

	mu      sync.Mutex
	waiting int
}

func newQueueing(slots int, thrash float64) *queueing {
	return &queueing{slots: make(chan struct{}, slots), thrash: thrash}
}

func (q *queueing) serve(ctx context.Context) error {
	q.mu.Lock()
	q.waiting++
	slower := 1 + q.thrash*float64(max(0, q.waiting-cap(q.slots)))
	q.mu.Unlock()
	defer func() {
		q.mu.Lock()
		q.waiting--
		q.mu.Unlock()
	}()
	select {
	case q.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	time.Sleep(time.Duration(slower * float64(20*time.Millisecond)))
	<-q.slots
	return nil
}

// answered counts the passages of 64 callers that are answered in a time.
func answered(t *testing.T, s slots, d time.Duration, serve func(context.Context) error) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for s.Acquire(ctx) == nil {
				start := time.Now()
				err := serve(ctx)
				s.Release(10, time.Since(start), err)
				if err == nil {
					mu.Lock()
					n++
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return n
}

// TestAdaptiveConverges: over five minutes, including all tries, the rate is within
// 5 % of the best fixed number of slots.
func TestAdaptiveConverges(t *testing.T) {
	for _, thrash := range []float64{0, 0.02} {
		for _, width := range []int{1, 4, 16, 64} {
			t.Run(fmt.Sprintf("%d slots, thrash %g", width, thrash), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const long = 5 * time.Minute
					best := answered(t, NewFixed(width), long, newQueueing(width, thrash).serve)
					got := answered(t, NewAdaptive(64), long, newQueueing(width, thrash).serve)
					if got < best*95/100 {
						t.Errorf("%d passages, %d with the best fixed setting: %.1f %%", got, best, 100*float64(got)/float64(best))
					}
				})
			})
		}
	}
}

// TestAdaptiveBacksOff: few requests exceed the slots of a server that refuses them,
// and every caller gets a slot.
func TestAdaptiveBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const width = 8
		a := NewAdaptive(64)
		var mu sync.Mutex
		now, refused, served := 0, 0, 0
		serve := func(context.Context) error {
			mu.Lock()
			if now >= width {
				refused++
				mu.Unlock()
				time.Sleep(time.Millisecond)
				return fmt.Errorf("429: %w", ErrTemporary)
			}
			now++
			served++
			mu.Unlock()
			time.Sleep(20 * time.Millisecond)
			mu.Lock()
			now--
			mu.Unlock()
			return nil
		}
		n := answered(t, a, 2*time.Minute, serve)
		best := int(2 * time.Minute / (20 * time.Millisecond) * width)
		if refused > served/20 {
			t.Errorf("%d were refused, %d answered", refused, served)
		}
		if n < best/2 {
			t.Errorf("%d passages, want about %d", n, best)
		}
	})
}

// TestAdaptiveServesInTurn: each caller gets a slot, even if there is only one.
func TestAdaptiveServesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAdaptive(64)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		turns := make([]int, 64)
		var group sync.WaitGroup
		for i := range turns {
			group.Go(func() {
				for a.Acquire(ctx) == nil {
					turns[i]++
					time.Sleep(20 * time.Millisecond)
					a.Release(1, 20*time.Millisecond, errors.Join(ErrTemporary)) // all fail: one slot is left
				}
			})
		}
		group.Wait()
		for i, n := range turns {
			if n == 0 {
				t.Errorf("caller %d never got a slot", i)
			}
		}
	})
}
