package runners

import (
	"context"
	"errors"
	"sync"
	"time"
)

// The constants of [Adaptive].
const (
	window       = 250 * time.Millisecond // the shortest time over which a rate is measured
	gain         = 1.10                   // the growth of the rate from which a step up is kept
	windowsHeld  = 20                     // windows at a level before the next level is tried
	mostHeld     = 16 * windowsHeld       // the limit to which failed tries double windowsHeld
	releasesEach = 2                      // passages for each slot that make a window
)

// Adaptive finds the number of slots at which a server is fastest. It doubles the
// slots as long as the rate of answers grows by a tenth. When the rate stops growing,
// it goes back one step, holds, and tries again later, because the load of the server
// may have changed. It holds twice as long after each failed try, because a try has a
// cost: passages wait in the server's queue, evict each other's prefix from its cache,
// or are refused. A temporary failure halves the slots.
type Adaptive struct {
	mu     sync.Mutex
	most   int
	limit  int         // number of slots now
	used   int         // slots in use
	queue  []chan bool // waiting callers, in order
	levels climb

	began   time.Time // start of the window; zero: no window is open
	settle  int       // releases to ignore before a window opens: they began at another level
	queries int       // queries answered in the window
	count   int       // passages released in the window
	full    bool      // whether all slots were in use at some time in the window
}

// NewAdaptive returns slots that start at one and never exceed most.
func NewAdaptive(most int) *Adaptive {
	return &Adaptive{most: max(most, 1), limit: 1, levels: climb{climbing: true}}
}

// Most is the largest number of slots.
func (a *Adaptive) Most() int { return a.most }

// Limit is the current number of slots.
func (a *Adaptive) Limit() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.limit
}

// Acquire waits for a free slot, in the order of the calls. It returns the error of
// the context if that ends first.
func (a *Adaptive) Acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a.mu.Lock()
	if a.used < a.limit && len(a.queue) == 0 {
		a.take()
		a.mu.Unlock()
		return nil
	}
	ready := make(chan bool, 1)
	a.queue = append(a.queue, ready)
	a.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-ready: // a slot became free at the same time: pass it on
		a.used--
		a.admit()
	default:
		a.leave(ready)
	}
	return ctx.Err()
}

// Release gives a slot back. queries is the number of answered queries of its passage,
// and err the failure of the passage, if any.
func (a *Adaptive) Release(queries int, _ time.Duration, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used--
	switch {
	case a.settle > 0:
		a.settle--
	case errors.Is(err, ErrTemporary):
		a.set(a.levels.failed(a.limit))
	default:
		a.measure(queries)
	}
	a.admit()
}

// Busy reports a failed attempt that will be retried in its slot (see [Policy]). It
// halves the slots, but only once for all passages that are in progress.
func (a *Adaptive) Busy() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.settle == 0 {
		a.set(a.levels.failed(a.limit))
	}
}

// measure adds a passage to the window, and closes the window when it is large
// enough.
func (a *Adaptive) measure(queries int) {
	now := time.Now()
	if a.began.IsZero() {
		a.began, a.queries, a.count, a.full = now, 0, 0, false
		return // the passage began before the window
	}
	a.queries += queries
	a.count++
	took := now.Sub(a.began)
	if took < window || a.count < releasesEach*a.limit {
		return
	}
	rate := float64(a.queries) / took.Seconds()
	full := a.full
	a.began, a.queries, a.count, a.full = now, 0, 0, false
	if full { // if slots stayed free, the rate does not depend on the level
		a.set(a.levels.next(a.limit, a.most, rate))
	}
}

// set changes the number of slots. Passages in progress began at the old level, so
// they are not measured.
func (a *Adaptive) set(limit int) {
	if limit == a.limit {
		return
	}
	a.limit, a.settle, a.began = limit, a.used, time.Time{}
}

// admit gives free slots to waiting callers.
func (a *Adaptive) admit() {
	for len(a.queue) > 0 && a.used < a.limit {
		ready := a.queue[0]
		a.queue = a.queue[1:]
		a.take()
		ready <- true
	}
}

func (a *Adaptive) take() {
	a.used++
	a.full = a.full || a.used >= a.limit
}

// leave removes a caller from the queue.
func (a *Adaptive) leave(ready chan bool) {
	for i, r := range a.queue {
		if r == ready {
			a.queue = append(a.queue[:i], a.queue[i+1:]...)
			return
		}
	}
}

// climb computes the next level from the rates of earlier levels.
type climb struct {
	climbing bool
	base     int     // the level below the one that is being tried; 0: not measured
	baseRate float64 // the rate at base
	held     int     // windows since the climb ended
	hold     int     // windows to hold before the next climb
}

// next is the level after a window with limit slots and the given rate.
func (c *climb) next(limit, most int, rate float64) int {
	if !c.climbing {
		if c.held++; c.held < c.hold || limit == most {
			return limit
		}
		c.climbing, c.base, c.baseRate = true, limit, rate
		return min(2*limit, most)
	}
	if c.base != 0 && rate < gain*c.baseRate {
		base := c.base
		c.inVain()
		return base
	}
	c.hold = 0 // the last step was a gain
	if limit == most {
		c.climbing, c.held = false, 0
		return limit
	}
	c.base, c.baseRate = limit, rate
	return min(2*limit, most)
}

// inVain ends a climb without gain. It doubles the time to hold.
func (c *climb) inVain() {
	*c = climb{hold: min(max(2*c.hold, windowsHeld), mostHeld)}
}

// failed is the level after a temporary failure.
func (c *climb) failed(limit int) int {
	c.inVain()
	return max(limit/2, 1)
}
