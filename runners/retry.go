package runners

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nerbench/internal/retry"
	"nerbench/ner"
)

// Policy is how often a failed query is retried, and after what time.
type Policy struct {
	// Attempts is the number of attempts for one query; below 1 counts as 1. An
	// answered query resets the count for the next one.
	Attempts int
	// First is the wait before the second attempt. Each further wait is twice as
	// long, up to Longest.
	First, Longest time.Duration
	// Patience is the longest wait that a server may ask for ([RetryAfter]). If it
	// asks for a longer one, the failure is returned at once.
	Patience time.Duration
	// Jitter returns a number in [0,1), such as rand.Float64. It changes a wait of w
	// to w/2 + w/2·Jitter(), so that slots that failed together do not retry
	// together. nil: no jitter, waits are not shortened.
	Jitter func() float64
	// Failed is called with each failure that will be retried, from several
	// goroutines at once. May be nil.
	Failed func(err error, wait time.Duration)
}

// DefaultPolicy makes six attempts within about half a minute.
func DefaultPolicy(jitter func() float64) Policy {
	return Policy{Attempts: 6, First: time.Second, Longest: 30 * time.Second, Patience: 10 * time.Minute, Jitter: jitter}
}

// wait is the time between failure number n, counted from 1, and the next
// attempt.
func (p Policy) wait(n int) time.Duration {
	return retry.Backoff{First: p.First, Longest: p.Longest, Jitter: p.Jitter}.Wait(n)
}

// Retry retries temporary failures ([ErrTemporary]). It resumes at the first query
// without an answer. It waits for the time of the policy or of the server
// ([RetryAfter]), whichever is longer, and stops when the context ends.
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
			return done, fmt.Errorf("%w (%d attempts)", err, failures)
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
		if err := retry.Sleep(ctx, wait); err != nil {
			return done, err
		}
	}
}

// Persist calls do again as long as it fails with a temporary failure, with the
// attempts and waits of the policy.
func Persist(ctx context.Context, p Policy, do func() error) error {
	for failures := 1; ; failures++ {
		err := do()
		if !errors.Is(err, ErrTemporary) || errors.Is(err, ErrFatal) || failures >= p.Attempts {
			return err
		}
		if err := retry.Sleep(ctx, p.wait(failures)); err != nil {
			return err
		}
	}
}
