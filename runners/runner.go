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

// Identity is what is known of the model that answers. It enters the keys of
// a run: two runs of equal identity may share answers.
type Identity struct {
	Model         string // with its runner: "ollama/NAME", "tagger"
	Digest        string // of the weights, empty if the server has none
	Server        string // kind of the server
	ServerVersion string
	Context       int    // tokens; 0 if unknown or without limit
	Quantisation  string // type of the weights; empty if unknown
	// Address and Root say more of a model without a digest: the URLs of its
	// servers, and the weights as they name them.
	Address, Root string
}

// Decoding holds the sampling parameters of a run (docs/spec/prompts.md §2.5). All of
// them are sent, none is left to a server's default.
type Decoding struct {
	Temperature float64
	Seed        int
	Think       bool
	// Context is the context length to ask the server for, in tokens; 0 where
	// the server fixes it.
	Context int
}
