package runners

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slots are the methods of [Fixed] and [Adaptive] that the loop uses.
type slots interface {
	Acquire(ctx context.Context) error
	Release(queries int, took time.Duration, err error)
	Most() int
}

func TestFixedBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFixed(3)
		most := 0
		crowd(t, f, 10, 5*time.Second, func(now int) time.Duration {
			most = max(most, now)
			return time.Second
		})
		if most != 3 || f.Most() != 3 {
			t.Errorf("at most %d at once of %d, want 3 of 3", most, f.Most())
		}
	})
}

func TestNoSlotsIsOne(t *testing.T) {
	if n := NewFixed(0).Most(); n != 1 {
		t.Errorf("fixed: %d", n)
	}
	if n := NewAdaptive(-1).Most(); n != 1 {
		t.Errorf("adaptive: %d", n)
	}
}

func TestAcquireEndsWithTheContext(t *testing.T) {
	for name, s := range map[string]slots{"fixed": NewFixed(1), "adaptive": NewAdaptive(8)} {
		t.Run(name, func(t *testing.T) {
			if err := s.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := s.Acquire(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want context.Canceled", err)
			}
			s.Release(1, 0, nil)
			if err := s.Acquire(t.Context()); err != nil { // the slot was not lost
				t.Fatal(err)
			}
		})
	}
}

// crowd lets n callers take slots again and again for some time. serve returns the
// time of a passage when now passages are in progress.
func crowd(t *testing.T, s slots, n int, d time.Duration, serve func(now int) time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var mu sync.Mutex
	now := 0
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			for s.Acquire(ctx) == nil {
				mu.Lock()
				now++
				took := serve(now)
				mu.Unlock()
				time.Sleep(took)
				mu.Lock()
				now--
				mu.Unlock()
				s.Release(10, took, nil)
			}
		})
	}
	group.Wait()
}

// width is a server that works on n passages at once, 20 ms each. More passages share
// its time.
func width(n int) func(int) time.Duration {
	return func(now int) time.Duration {
		return 20 * time.Millisecond * time.Duration(max(now, n)) / time.Duration(n)
	}
}

func TestAdaptiveFindsTheWidthOfTheServer(t *testing.T) {
	for _, tc := range []struct {
		name          string
		most, callers int
		width         int
		least, limit  int
	}{
		{name: "one at a time", most: 64, callers: 64, width: 1, least: 1, limit: 1},
		{name: "four at a time", most: 64, callers: 64, width: 4, least: 4, limit: 4},
		{name: "wide", most: 64, callers: 64, width: 1000, least: 64, limit: 64},
		{name: "bounded", most: 6, callers: 64, width: 1000, least: 6, limit: 6},
		{name: "little to do", most: 64, callers: 3, width: 1000, least: 2, limit: 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := NewAdaptive(tc.most)
				// 4.5 s are within the hold, so the next level is not yet tried.
				crowd(t, a, tc.callers, 4500*time.Millisecond, width(tc.width))
				if got := a.Limit(); got < tc.least || got > tc.limit {
					t.Errorf("found %d slots, want %d to %d", got, tc.least, tc.limit)
				}
			})
		})
	}
}

func TestAdaptiveFollowsAServerThatGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAdaptive(64)
		crowd(t, a, 64, 4*time.Second, width(2))
		if got := a.Limit(); got != 2 {
			t.Fatalf("found %d slots, want 2", got)
		}
		crowd(t, a, 64, time.Minute, width(16))
		if got := a.Limit(); got < 16 {
			t.Errorf("%d slots after the server grew, want 16 at least", got)
		}
	})
}

func TestAdaptiveFailureHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAdaptive(64)
		crowd(t, a, 64, 6*time.Second, width(1000))
		if a.Limit() != 64 {
			t.Fatalf("%d slots, want 64", a.Limit())
		}
		for range 64 {
			if err := a.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for range 64 { // all passages fail in one outage
			a.Release(0, time.Second, errBusy)
		}
		if got := a.Limit(); got != 32 {
			t.Errorf("%d slots after an outage, want 32", got)
		}
	})
}

func TestAdaptiveBusyHalvesOnceForAllUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAdaptive(16)
		crowd(t, a, 64, 6*time.Second, width(1000))
		for range 16 {
			if err := a.Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for range 16 {
			a.Busy()
		}
		if got := a.Limit(); got != 8 {
			t.Errorf("%d slots, want 8", got)
		}
		for range 16 {
			a.Release(10, time.Second, nil)
		}
		a.Busy()
		if got := a.Limit(); got != 4 {
			t.Errorf("%d slots after the next failure, want 4", got)
		}
	})
}

func TestAdaptiveNeverBelowOne(t *testing.T) {
	a := NewAdaptive(8)
	for range 5 {
		if err := a.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.Release(0, 0, errBusy)
	}
	if a.Limit() != 1 {
		t.Errorf("%d slots, want 1", a.Limit())
	}
}

func TestAdaptiveLosesNoSlotToCallersThatLeave(t *testing.T) {
	a := NewAdaptive(4)
	for range 200 {
		if err := a.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if a.Acquire(ctx) == nil {
				a.Release(0, 0, nil)
			}
		})
		group.Go(cancel)
		a.Release(0, 0, nil)
		group.Wait()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.used != 0 || len(a.queue) != 0 {
		t.Errorf("%d slots taken, %d waiting; want none", a.used, len(a.queue))
	}
}
