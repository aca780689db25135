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
	gain         = 1.10                   // a step up is kept if the rate grows at least so much
	windowsHeld  = 20                     // windows at a good level before the next one is tried again
	mostHeld     = 16 * windowsHeld       // ... after several tries in vain, each of which doubles it
	releasesEach = 2                      // passages for each slot that make a window
)

// Adaptive finds the number of slots that a server is fastest with. It climbs:
// it doubles the slots for as long as the answers of a second grow by a tenth,
// goes back one step when they do not, holds, and tries again later, because
// what else the server does may have changed. It holds twice as long after each
// try in vain, because a try costs something: passages that wait in the server's
// queue, evict each other's prefix from its cache, or are refused. A temporary
// failure halves the slots.
type Adaptive struct {
	mu     sync.Mutex
	most   int
	limit  int         // slots there are now
	used   int         // slots that are taken
	queue  []chan bool // who waits for one, in order
	levels climb

	began   time.Time // of the window; zero: none is open
	settle  int       // releases to let pass before a window opens: they began at another level
	queries int       // answered in the window
	count   int       // passages released in the window
	full    bool      // whether all slots were taken at some moment of the window
}

// NewAdaptive returns slots that begin with one and never exceed most.
func NewAdaptive(most int) *Adaptive {
	return &Adaptive{most: max(most, 1), limit: 1, levels: climb{climbing: true}}
}

// Most is the largest number of slots there can be.
func (a *Adaptive) Most() int { return a.most }

// Limit is the number of slots there are now.
func (a *Adaptive) Limit() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.limit
}

// Acquire waits for a free slot, first come, first served, or returns why the
// context ended.
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
	case <-ready: // a slot came at the same moment: hand it on
		a.used--
		a.admit()
	default:
		a.leave(ready)
	}
	return ctx.Err()
}

// Release gives a slot back and tells how many queries its passage had
// answered, and whether asking failed.
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

// Busy tells that an attempt failed that will be made again in its slot (see
// [Policy]): it halves the slots, but once only for all passages that are
// under way.
func (a *Adaptive) Busy() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.settle == 0 {
		a.set(a.levels.failed(a.limit))
	}
}

// measure adds a passage to the window and closes the window when it is big
// enough.
func (a *Adaptive) measure(queries int) {
	now := time.Now()
	if a.began.IsZero() {
		a.began, a.queries, a.count, a.full = now, 0, 0, false
		return // its time began in no window
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
	if full { // else there was less to do than slots, and the rate tells nothing
		a.set(a.levels.next(a.limit, a.most, rate))
	}
}

// set changes the number of slots. Passages that were begun before say nothing
// of the new level.
func (a *Adaptive) set(limit int) {
	if limit == a.limit {
		return
	}
	a.limit, a.settle, a.began = limit, a.used, time.Time{}
}

// admit lets waiting callers in while there are slots.
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

// climb decides the next level from the rates of the levels before.
type climb struct {
	climbing bool
	base     int     // the level below the one that is being tried; 0: none was measured
	baseRate float64 // its rate
	held     int     // windows since the climb ended
	hold     int     // windows to hold before the next climb
}

// next is the level after a window in which limit slots gave a rate.
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
	c.hold = 0 // the step before was not in vain
	if limit == most {
		c.climbing, c.held = false, 0
		return limit
	}
	c.base, c.baseRate = limit, rate
	return min(2*limit, most)
}

// inVain ends a climb, and holds longer than after the last one.
func (c *climb) inVain() {
	*c = climb{hold: min(max(2*c.hold, windowsHeld), mostHeld)}
}

// failed is the level after a temporary failure.
func (c *climb) failed(limit int) int {
	c.inVain()
	return max(limit/2, 1)
}
