package runners

import (
	"context"
	"time"
)

// Fixed is a constant number of slots: so many passages are asked at once.
type Fixed chan struct{}

// NewFixed returns n slots, at least one.
func NewFixed(n int) Fixed { return make(Fixed, max(n, 1)) }

// Acquire waits for a free slot, or returns why the context ended.
func (f Fixed) Acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil { // a free slot would be as likely
		return err
	}
	select {
	case f <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Release gives a slot back. What became of its passage changes nothing.
func (f Fixed) Release(int, time.Duration, error) { <-f }

// Most is the number of slots.
func (f Fixed) Most() int { return cap(f) }
