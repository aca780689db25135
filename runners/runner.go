// Package runners asks models. A [Runner] turns the queries of one passage
// into completions; decorators in this package retry, limit and adapt; the
// packages below it speak to one kind of server each.
package runners

import (
	"context"
	"errors"
	"time"

	"nerbench/ner"
)

// Runner answers all queries of one passage.
type Runner interface {
	// Complete returns one completion for each query, in the order of the
	// queries. An answer that makes no sense is an answer. An error is a failure
	// to ask; it wraps [ErrTemporary] when asking again may help. With an error,
	// the completions that were had before it are returned: a prefix of the
	// queries. A prompt that would not fit the context is not an error: its
	// completion has the finish reason [ner.FinishTooLong].
	//
	// Complete is called from several goroutines at once.
	Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error)
}

// ErrTemporary marks a failure that may pass: a busy or restarting server, a
// broken connection, a deadline.
var ErrTemporary = errors.New("temporary failure")

// ErrFatal marks a failure that would repeat with every other query: an unknown
// model, a refused key, a server that shortens prompts. It ends the run.
var ErrFatal = errors.New("the run cannot go on")

// RetryAfter is a temporary failure for which the server named a time to wait.
type RetryAfter struct {
	Wait time.Duration
	Err  error // wraps ErrTemporary
}

func (e *RetryAfter) Error() string { return e.Err.Error() }

func (e *RetryAfter) Unwrap() error { return e.Err }

// Identity and Decoding are words of [ner], since the store computes the address of
// an answer from them.
type (
	Identity = ner.Identity
	Decoding = ner.Decoding
)
