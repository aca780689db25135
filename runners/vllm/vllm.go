// Package vllm runs models on vLLM servers, or on other servers with OpenAI's API.
//
// Prompts of the completion shape are sent to /v1/completions, where vLLM adds only BOS.
// Prompts of the chat shape are sent to /v1/chat/completions, which applies the model's
// template (docs/spec/prompts.md §2.4). All queries of a passage are sent as one list if
// the server accepts lists, so that it computes their common prefix once. The abilities
// of a server are probed once ([Runner.Probe]), because servers ignore unknown members
// without an error.
//
// If prompt and answer exceed the context, vLLM lowers max_tokens without an error. So
// tokens are counted, before or after the query, and such a query is too long, whatever
// its answer is (docs/spec/prompts.md §2.6).
//
// Several servers of one model share the work. Each passage goes to the server that will
// probably finish it first. A dead or slow server does not stop the others.
package vllm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"nerbench/internal/httpclient"
	"nerbench/ner"
	"nerbench/runners"
)

// Config holds the settings of a model on one or several servers.
type Config struct {
	// Servers are the addresses of servers of the same model, with or without the
	// suffix /v1; none: [DefaultServer]. See [ParseAddress].
	Servers []string
	// Model is the name of the model on the servers.
	Model string
	// Key is sent with every request; empty: no key. No error contains it.
	Key string
	// Decoding is sent with every query. Its Context limits prompt and answer if it is
	// smaller than the context of the server; 0: the context of the server.
	Decoding runners.Decoding
	// ThinkSwitch is the variable of the chat template that turns thinking on, or a JSON
	// object of variables; empty: [DefaultSwitch].
	ThinkSwitch string
	// Unconstrained: it is no error if the servers obey no schema.
	Unconstrained bool
	// AnyName: the server need not list the model, because routers do not list all.
	AnyName bool
	// Prefix is the prefix of the model's name in its identity: "vllm" (if empty), or
	// "openai".
	Prefix string
	// Timeout is the time limit of one request; 0 stands for 10 minutes. Its end is a
	// temporary failure.
	Timeout time.Duration
	// Connections is the number of idle connections to each server; 0 stands for 64.
	Connections int
	// Special are texts that should be one token each; the probe counts them.
	Special []string
	// Observe is called with changes of the state of servers, from several goroutines
	// at once. May be nil.
	Observe func(string)
}

// Runner runs one model. It is a [runners.Runner].
type Runner struct {
	config    Config
	secrets   httpclient.Secrets
	pool      pool
	abilities Abilities
	frames    runners.Frames // of the completion shape
	failures  runners.Failures
	agreed    agreed
	others    otherModels
	variables json.RawMessage // of the chat template
}

const defaultTimeout = 10 * time.Minute

// New makes a runner. It does not connect to the servers; [Runner.Identify] and
// [Runner.Probe] do.
func New(c Config) (*Runner, error) {
	if c.Model == "" {
		return nil, errors.New("vllm: model: no name")
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
	if c.Prefix == "" {
		c.Prefix = Kind
	}
	r := &Runner{config: c, secrets: httpclient.Bearer(c.Key)}
	var err error
	if r.variables, err = templateVariables(c.ThinkSwitch, c.Decoding.Think); err != nil {
		return nil, err
	}
	for _, address := range c.Servers {
		base, err := ParseAddress(address)
		if err != nil {
			return nil, err
		}
		r.pool.servers = append(r.pool.servers, newServer(base, c.Connections))
	}
	return r, nil
}

// Close closes idle connections.
func (r *Runner) Close() {
	for _, s := range r.pool.servers {
		s.client.CloseIdleConnections()
	}
}

// Complete implements [runners.Runner]. Queries that fail on one server are sent to
// another one at once. It returns an error if no server is left.
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
			return done, fmt.Errorf("%s: model %s: %w", r.config.Prefix, r.config.Model, r.pool.whyNone(failure))
		}
		start := time.Now()
		got, err := r.ask(ctx, s, rest)
		done = append(done, got...)
		s.release(len(rest), len(got), time.Since(start))
		switch {
		case err == nil:
			s.answered()
		case ctx.Err() != nil:
			return done, ctx.Err() // the caller ended it
		case errors.Is(err, runners.ErrTemporary) && !errors.Is(err, runners.ErrFatal):
			r.failures.Count(err)
			r.failed(s, err)
			tried, failure = append(tried, s), err
		case errors.Is(err, errServer):
			r.drop(s, err)
			failure = err
		default:
			return done, fmt.Errorf("%s: model %s: %w", r.config.Prefix, r.config.Model, err)
		}
	}
	return done, nil
}

// failed pauses a server after a failure, and reports the first failure.
func (r *Runner) failed(s *server, err error) {
	if s.rest(time.Now(), err) && len(r.pool.servers) > 1 {
		r.config.Observe(fmt.Sprintf("%s: %v; the run continues on the other servers", s.name, err))
	}
}

// drop stops the use of a server.
func (r *Runner) drop(s *server, err error) {
	if s.drop(err) && len(r.pool.servers) > 1 {
		r.config.Observe(fmt.Sprintf("%s is no longer used: %v", s.name, err))
	}
}
