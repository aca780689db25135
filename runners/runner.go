// Package runners sends queries to models. A [Runner] turns the queries of one passage
// into completions. Decorators in this package retry, limit and adapt. Each package
// below this one has the runner of one kind of server or model.
package runners

import (
	"context"
	"errors"
	"time"

	"nerbench/ner"
)

// Runner answers all queries of one passage.
type Runner interface {
	// Complete returns one completion for each query, in the order of the queries.
	// A malformed answer is an answer, not an error. An error means that a query
	// could not be answered; it wraps [ErrTemporary] if a retry may help. With an
	// error, the completions before it are returned: those of the first queries. A
	// prompt that does not fit the context is not an error: its completion has the
	// finish reason [ner.FinishTooLong].
	//
	// Complete is called from several goroutines at once.
	Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error)
}

// ErrNoTemplate is the reason why a model cannot read messages.
var ErrNoTemplate = errors.New("the model has no chat template")

// ErrTemporary marks a failure for which a retry may help: a busy or restarting
// server, a broken connection, a deadline.
var ErrTemporary = errors.New("temporary failure")

// ErrFatal marks a failure that would repeat with every other query, such as an
// unknown model, a refused key, or a server that shortens prompts. It ends the run.
var ErrFatal = errors.New("the run cannot continue")

// Mark adds a kind, such as [ErrTemporary], to an error, whose message stays as it is.
func Mark(err, kind error) error { return &marked{err, kind} }

type marked struct{ err, kind error }

func (m *marked) Error() string { return m.err.Error() }

func (m *marked) Unwrap() []error { return []error{m.err, m.kind} }

// RetryAfter is a temporary failure for which the server named a time to wait.
type RetryAfter struct {
	Wait time.Duration
	Err  error // wraps ErrTemporary
}

func (e *RetryAfter) Error() string { return e.Err.Error() }

func (e *RetryAfter) Unwrap() error { return e.Err }

// Identity and Decoding are types of [ner], because the store computes the address of
// an answer from them.
type (
	Identity = ner.Identity
	Decoding = ner.Decoding
)
