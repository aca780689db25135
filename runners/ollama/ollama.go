// Package ollama asks models that a server of Ollama has loaded.
//
// Prompts of the completion shape go through /api/generate with raw set, so
// that the model sees their bytes and nothing else; prompts of the chat shape
// go through /api/chat, where the model's own template applies (docs/spec/prompts.md
// §2.4). Every sampling parameter is sent (docs/spec/prompts.md §2.5), and a prompt that
// would not fit the context is refused, never cut (docs/spec/prompts.md §2.6).
//
// The queries of one passage are asked one after another, so that the server
// reads their common prefix once. Passages may be asked in parallel.
package ollama

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"nerbench/ner"
	"nerbench/runners"
)

// Config says which model of which server to ask, and how.
type Config struct {
	// Host is the server, in the forms of the variable OLLAMA_HOST; empty: the
	// default server of this machine. See [ParseHost].
	Host string
	// Model is the server's name for the model, without the "ollama/" of ours.
	Model string
	// Decoding is sent with every query. Its Context must be set: a server that is
	// told nothing cuts prompts at a default of its own.
	Decoding runners.Decoding
	// KeepAlive is how long the server keeps the model loaded after a query; 0
	// leaves it to the server.
	KeepAlive time.Duration
	// Timeout bounds one query, with the loading of the model if it must be
	// loaded; 0 stands for 10 minutes. A query that takes longer is a temporary
	// failure.
	Timeout time.Duration
	// Connections is the number of idle connections to keep, which should be the
	// largest number of passages at once; 0 stands for 64.
	Connections int
	// Client replaces the HTTP client; nil: one that is made for many small
	// requests to one host.
	Client *http.Client
}

// Runner asks one model. It is a [runners.Runner].
type Runner struct {
	config   Config
	base     *url.URL
	client   *http.Client
	generate string // address of the completion shape
	chat     string // address of the chat shape
	guard    guard
	frames   runners.Frames // of the completion shape
}

const defaultTimeout = 10 * time.Minute

// New makes a runner. It does not speak to the server yet: see
// [Runner.Identify].
func New(c Config) (*Runner, error) {
	base, err := ParseHost(c.Host)
	if err != nil {
		return nil, err
	}
	if c.Model == "" {
		return nil, errors.New("ollama: model: no name given")
	}
	if c.Decoding.Context <= 0 {
		return nil, fmt.Errorf("ollama: model %s: context: must be set, or the server cuts prompts at its default", c.Model)
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	client := c.Client
	if client == nil {
		client = runners.NewClient(c.Connections, nil)
	}
	return &Runner{
		config: c, base: base, client: client,
		generate: base.JoinPath("api/generate").String(),
		chat:     base.JoinPath("api/chat").String(),
	}, nil
}

// Close closes the connections that no query uses.
func (r *Runner) Close() { r.client.CloseIdleConnections() }

// Complete implements [runners.Runner]. Besides the errors that its contract
// names, it returns a [runners.ShortenedError] when the server cut a prompt.
func (r *Runner) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	completions := make([]ner.Completion, 0, len(queries))
	asking := r.asking()
	for i := range queries {
		if err := ctx.Err(); err != nil {
			return completions, err
		}
		c, err := asking.ask(ctx, &queries[i].Prompt)
		if err != nil {
			return completions, fmt.Errorf("ollama: model %s: %w", r.config.Model, err)
		}
		completions = append(completions, c)
	}
	return completions, nil
}
