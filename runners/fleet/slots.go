package fleet

import (
	"context"
	"slices"
	"sync"
	"time"
)

// slots is a number of slots that changes with the workers.
type slots struct {
	most int

	mu    sync.Mutex
	limit int
	used  int
	queue []chan struct{} // waiting callers, in order
}

func newSlots(most int) *slots { return &slots{most: most} }

// Most is the largest number of slots.
func (s *slots) Most() int { return s.most }

// Limit is the number of passages in flight.
func (s *slots) Limit() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// Acquire waits for a free slot.
func (s *slots) Acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	ready := make(chan struct{})
	s.queue = append(s.queue, ready)
	s.admit()
	s.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.queue, ready); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
	} else { // it became free at the same time: pass it on
		s.used--
		s.admit()
	}
	return ctx.Err()
}

// Release gives a slot back.
func (s *slots) Release(int, time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	s.admit()
}

// set changes the number of slots.
func (s *slots) set(limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
	s.admit()
}

// admit gives free slots to waiting callers. It is called with the lock held.
func (s *slots) admit() {
	for len(s.queue) > 0 && s.used < s.limit {
		close(s.queue[0])
		s.queue = s.queue[1:]
		s.used++
	}
}
