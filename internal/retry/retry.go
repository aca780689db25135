// Package retry has the waits between attempts: how long they are, and waiting
// itself.
package retry

import (
	"context"
	"time"
)

// Backoff doubles the wait after each failure.
type Backoff struct {
	First, Longest time.Duration
	// Jitter returns a number in [0,1), such as rand.Float64. It changes a wait of w
	// to w/2 + w/2·Jitter(), so that clients that failed together do not retry
	// together. nil: no jitter, waits are not shortened.
	Jitter func() float64
}

// Wait is the time between failure number n, counted from 1, and the next attempt.
func (b Backoff) Wait(n int) time.Duration {
	w := b.First
	for i := 1; i < n && w < b.Longest; i++ {
		w *= 2
	}
	w = min(w, b.Longest)
	if b.Jitter != nil {
		w = w/2 + time.Duration(b.Jitter()*float64(w/2))
	}
	return w
}

// Sleep waits for a time. It returns the error of the context if that ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
