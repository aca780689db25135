package runners

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nerbench/ner"
)

// Policy says how often and after what time a failed question is asked again.
type Policy struct {
	// Attempts is how often one query is asked in all; below 1 counts as 1. A
	// query that is answered starts the count anew for the next one.
	Attempts int
	// First is the wait before the second attempt. Every further one doubles it,
	// up to Longest.
	First, Longest time.Duration
	// Patience is the longest wait that a server may ask for ([RetryAfter]). If it
	// asks for more, the failure is returned at once.
	Patience time.Duration
	// Jitter returns a number in [0,1), such as rand.Float64. A wait of w becomes
	// w/2 + w/2·Jitter(), so that slots that failed together do not come back
	// together. nil stands for no jitter: the whole wait.
	Jitter func() float64
	// Failed is told of every failure that will be followed by another attempt,
	// from several goroutines at once. May be nil.
	Failed func(err error, wait time.Duration)
}

// DefaultPolicy asks six times in all, within about half a minute.
func DefaultPolicy(jitter func() float64) Policy {
	return Policy{Attempts: 6, First: time.Second, Longest: 30 * time.Second, Patience: 10 * time.Minute, Jitter: jitter}
}

// wait is the time between failure number n, counted from 1, and the next
// attempt.
func (p Policy) wait(n int) time.Duration {
	w := p.First
	for i := 1; i < n && w < p.Longest; i++ {
		w *= 2
	}
	w = min(w, p.Longest)
	if p.Jitter != nil {
		w = w/2 + time.Duration(p.Jitter()*float64(w/2))
	}
	return w
}

// Retry asks again what failed for a reason that may pass ([ErrTemporary]). It
// goes on at the first query without an answer, waits as the policy says or as
// long as the server asks ([RetryAfter]), whichever is longer, and stops when
// the context ends.
func Retry(r Runner, p Policy) Runner { return &retrier{r, p} }

type retrier struct {
	runner Runner
	policy Policy
}

// Complete implements [Runner].
func (r *retrier) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	var done []ner.Completion
	for failures := 0; ; {
		got, err := r.runner.Complete(ctx, queries[len(done):])
		done = append(done, got...)
		if err == nil {
			return done, nil
		}
		if len(got) > 0 {
			failures = 0
		}
		failures++
		if !errors.Is(err, ErrTemporary) || errors.Is(err, ErrFatal) || ctx.Err() != nil {
			return done, err
		}
		if failures >= r.policy.Attempts {
			return done, fmt.Errorf("%w (asked %d times)", err, failures)
		}
		wait := r.policy.wait(failures)
		if after, ok := errors.AsType[*RetryAfter](err); ok {
			if after.Wait > r.policy.Patience {
				return done, fmt.Errorf("%w (the server asks to wait %s, longer than %s)", err, after.Wait, r.policy.Patience)
			}
			wait = max(wait, after.Wait)
		}
		if r.policy.Failed != nil {
			r.policy.Failed(err, wait)
		}
		if err := sleep(ctx, wait); err != nil {
			return done, err
		}
	}
}

// Persist does something again while it fails for a reason that may pass, as often
// and with such waits as the policy says.
func Persist(ctx context.Context, p Policy, do func() error) error {
	for failures := 1; ; failures++ {
		err := do()
		if !errors.Is(err, ErrTemporary) || errors.Is(err, ErrFatal) || failures >= p.Attempts {
			return err
		}
		if err := sleep(ctx, p.wait(failures)); err != nil {
			return err
		}
	}
}

// sleep waits, or returns why the context ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
