// Package vllm asks models that a vLLM server has loaded, or any other server that
// speaks as OpenAI's does.
//
// Prompts of the completion shape go to /v1/completions, where vLLM adds BOS and
// nothing else; prompts of the chat shape go to /v1/chat/completions, where the
// model's own template applies (docs/spec/prompts.md §2.4). All questions of a passage travel
// as one list where the server takes lists: it then reads their common prefix once.
// What a server can do is probed once ([Runner.Probe]), because servers ignore in
// silence what they do not know.
//
// vLLM lowers max_tokens without a word where prompt and answer exceed the context.
// So tokens are counted, before or after, and such a question is too long, whatever
// came back (docs/spec/prompts.md §2.6).
//
// Several servers of one model share the work: each passage goes to the one that
// will be done with it first, and a dead or slow one does not stop the others.
package vllm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nerbench/ner"
	"nerbench/runners"
)

// Config says which model of which servers to ask, and how.
type Config struct {
	// Servers are the addresses of servers of the same model, with or without the
	// /v1 of their API; none: that of this machine. See [ParseAddress].
	Servers []string
	// Model is the name under which the servers have the model.
	Model string
	// Key is sent with every request; empty: none is. It appears in no error.
	Key string
	// Decoding is sent with every query. Its Context bounds prompt and answer,
	// where it is smaller than what the server has; 0 leaves it to the server.
	Decoding runners.Decoding
	// Timeout bounds one request; 0 stands for 10 minutes. A request that takes
	// longer is a temporary failure.
	Timeout time.Duration
	// Connections is the number of idle connections to keep with each server; 0
	// stands for 64.
	Connections int
	// Special are texts that should be one token each; the probe counts them.
	Special []string
	// Observe is told what becomes of the servers, from several goroutines at once.
	// May be nil.
	Observe func(string)
}

// Runner asks one model. It is a [runners.Runner].
type Runner struct {
	config    Config
	pool      pool
	abilities Abilities
	frames    runners.Frames // of the completion shape
	failures  runners.Failures
	agreed    agreed
}

const defaultTimeout = 10 * time.Minute

// New makes a runner. It does not speak to the servers yet: see [Runner.Identify]
// and [Runner.Probe].
func New(c Config) (*Runner, error) {
	if c.Model == "" {
		return nil, errors.New("vllm: model: no name given")
	}
	if len(c.Servers) == 0 {
		c.Servers = []string{DefaultServer}
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Observe == nil {
		c.Observe = func(string) {}
	}
	r := &Runner{config: c}
	for _, address := range c.Servers {
		base, err := ParseAddress(address)
		if err != nil {
			return nil, err
		}
		r.pool.servers = append(r.pool.servers, newServer(base, c.Connections))
	}
	return r, nil
}

// Close closes the connections that no query uses.
func (r *Runner) Close() {
	for _, s := range r.pool.servers {
		s.client.CloseIdleConnections()
	}
}

// Complete implements [runners.Runner]. What one server could not answer is put to
// another one at once; an error is one of the last that was left.
func (r *Runner) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	done := make([]ner.Completion, 0, len(queries))
	var tried []*server
	var failure error
	for len(done) < len(queries) {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		rest := queries[len(done):]
		s := r.pool.take(time.Now(), len(rest), tried)
		if s == nil {
			return done, fmt.Errorf("vllm: model %s: %w", r.config.Model, r.pool.whyNone(failure))
		}
		start := time.Now()
		got, err := r.ask(ctx, s, rest)
		done = append(done, got...)
		s.release(len(rest), len(got), time.Since(start))
		switch {
		case err == nil:
			s.answered()
		case ctx.Err() != nil:
			return done, ctx.Err() // it was us who ended it
		case errors.Is(err, runners.ErrTemporary) && !errors.Is(err, runners.ErrFatal):
			r.failures.Count(err)
			r.failed(s, err)
			tried, failure = append(tried, s), err
		case errors.Is(err, errServer):
			r.drop(s, err)
			failure = err
		default:
			return done, fmt.Errorf("vllm: model %s: %w", r.config.Model, err)
		}
	}
	return done, nil
}

// failed lets a server rest after a failure, and tells of the first one.
func (r *Runner) failed(s *server, err error) {
	if s.rest(time.Now(), err) && len(r.pool.servers) > 1 {
		r.config.Observe(fmt.Sprintf("%s: %v; the other servers go on", s.name, err))
	}
}

// drop asks a server no more.
func (r *Runner) drop(s *server, err error) {
	if s.drop(err) && len(r.pool.servers) > 1 {
		r.config.Observe(fmt.Sprintf("%s is not asked any more: %v", s.name, err))
	}
}
