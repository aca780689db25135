// Package ollama runs models on an Ollama server.
//
// Prompts of the completion shape are sent to /api/generate with raw set, so that the
// model gets exactly their bytes. Prompts of the chat shape are sent to /api/chat, which
// applies the model's template (docs/spec/prompts.md §2.4). Every sampling parameter is
// sent (docs/spec/prompts.md §2.5). A prompt that does not fit the context is refused,
// never cut (docs/spec/prompts.md §2.6).
//
// The queries of one passage are sent one after another, so that the server computes
// their common prefix once. Passages may be sent in parallel.
package ollama

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"nerbench/internal/httpclient"
	"nerbench/ner"
	"nerbench/runners"
)

// Config holds the settings of a model on a server.
type Config struct {
	// Host is the server, in the format of the variable OLLAMA_HOST; empty: the default
	// server of this machine. See [ParseHost].
	Host string
	// Model is the name of the model on the server, without the prefix "ollama/".
	Model string
	// Decoding is sent with every query. Its Context must be set, because a server
	// without one cuts prompts at its default.
	Decoding runners.Decoding
	// KeepAlive is how long the server keeps the model loaded after a query: below 0 for
	// ever, 0 not at all; nil: the default of the server.
	KeepAlive *time.Duration
	// Timeout is the time limit of one query, with the time to load the model; 0
	// stands for 10 minutes. Its end is a temporary failure.
	Timeout time.Duration
	// Connections is the number of idle connections to keep: the largest number of
	// passages at once; 0 stands for 64.
	Connections int
	// Client replaces the HTTP client; nil: a client for many small requests to one
	// host.
	Client *http.Client
}

// Runner runs one model. It is a [runners.Runner].
type Runner struct {
	config   Config
	base     *url.URL
	login    *url.Userinfo // nil: none
	secrets  httpclient.Secrets
	client   *http.Client
	patience time.Duration // timeout of requests about the server itself
	generate string        // address of the completion shape
	chat     string        // address of the chat shape
	guard    guard
	frames   runners.Frames // of the completion shape
}

const defaultTimeout = 10 * time.Minute

// New makes a runner. It does not connect to the server; [Runner.Identify] does.
func New(c Config) (*Runner, error) {
	base, login, err := ParseHost(c.Host)
	if err != nil {
		return nil, err
	}
	if c.Model == "" {
		return nil, errors.New("ollama: model: no name")
	}
	if c.Decoding.Context <= 0 {
		return nil, fmt.Errorf("ollama: model %s: context: must be set, because the server cuts prompts at its default", c.Model)
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	client := runners.NewClient(c.Connections, nil)
	if c.Client != nil {
		client = httpclient.SameOrigin(c.Client)
	}
	return &Runner{
		config: c, base: base, login: login, secrets: httpclient.Login(login), client: client, patience: defaultPatience,
		generate: base.JoinPath("api/generate").String(),
		chat:     base.JoinPath("api/chat").String(),
	}, nil
}

// request makes a request, with the login if there is one.
func (r *Runner) request(ctx context.Context, method, address string, body io.Reader) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err == nil && r.login != nil {
		password, _ := r.login.Password()
		request.SetBasicAuth(r.login.Username(), password)
	}
	return request, err
}

// Close closes idle connections.
func (r *Runner) Close() { r.client.CloseIdleConnections() }

// Complete implements [runners.Runner]. It returns a [runners.ShortenedError] if the
// server cut a prompt.
func (r *Runner) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	completions := make([]ner.Completion, 0, len(queries))
	asking := r.asking(ctx)
	defer asking.end()
	for i := range queries {
		if err := ctx.Err(); err != nil {
			return completions, err
		}
		c, err := asking.ask(ctx, &queries[i].Prompt)
		if err != nil {
			return completions, fmt.Errorf("ollama: model %s: %w", r.config.Model, err)
		}
		completions = append(completions, c)
		runners.Answered(ctx, queries[i:i+1], completions[i:])
	}
	return completions, nil
}
