package runners

import (
	"context"
	"time"
)

// Fixed is a constant number of slots, which is the number of passages at once.
type Fixed chan struct{}

// NewFixed returns n slots, at least one.
func NewFixed(n int) Fixed { return make(Fixed, max(n, 1)) }

// Acquire waits for a free slot. It returns the error of the context if that ends first.
func (f Fixed) Acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil { // select would choose a free slot as often as the end of the context
		return err
	}
	select {
	case f <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Release gives a slot back. The result of its passage is ignored.
func (f Fixed) Release(int, time.Duration, error) { <-f }

// Most is the number of slots.
func (f Fixed) Most() int { return cap(f) }
