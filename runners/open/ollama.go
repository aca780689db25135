package open

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"nerbench/internal/fault"
	"nerbench/internal/httpclient"
	"nerbench/runners"
	"nerbench/runners/ollama"
)

// openOllama opens a model of an Ollama server.
func openOllama(ctx context.Context, s Spec) (*Model, error) {
	config := ollama.Config{
		Model: s.rest, Decoding: s.Decoding, Timeout: s.Timeout, Connections: max(s.Connections, adaptUpTo), KeepAlive: s.KeepAlive,
	}
	switch len(s.Servers) {
	case 0:
		config.Host = s.Getenv("OLLAMA_HOST")
	case 1:
		config.Host = s.Servers[0]
	default:
		return nil, fault.Usagef("ollama: one server only, not %d", len(s.Servers))
	}
	if config.Decoding.Context == 0 {
		config.Decoding.Context = 1 // this client only identifies the model
	}
	asking, err := ollama.New(config)
	if err != nil {
		return nil, err
	}
	defer asking.Close()
	identity, err := asking.Identify(ctx)
	if ollama.Missing(err) && s.Pull {
		if err := asking.Pull(ctx, pullNotes(s.Observe)); err != nil {
			return nil, err
		}
		identity, err = asking.Identify(ctx)
	}
	if err != nil {
		return nil, err
	}
	if config.Decoding.Context = s.Decoding.Context; config.Decoding.Context == 0 {
		config.Decoding.Context = runners.ContextFor(shorter(identity.Context, s.MadeFor), s.Longest, s.LongestAnswer)
	}
	runner, err := ollama.New(config)
	if err != nil {
		return nil, err
	}
	if s.Example.Chat() {
		if bare, err := runner.Bare(ctx); err != nil {
			runner.Close()
			return nil, err
		} else if bare && s.NeedsTemplate {
			runner.Close()
			return nil, fmt.Errorf("ollama: model %s: %w", config.Model, runners.ErrNoTemplate)
		} else if bare {
			s.Observe("the model has no chat template: the server passes it the messages as they are (--set as=completion sends them as one text)")
		}
	}
	constrained, err := probeSchema(ctx, s, runner)
	if err != nil {
		runner.Close()
		return nil, err
	}
	m := &Model{Identity: identity, Decoding: config.Decoding, close: runner.Close}
	if constrained == "none" {
		m.AnswerBy = "unconstrained" // a newer server has other answers to these prompts
	}
	file, weights, err := runner.Weights(ctx)
	if err != nil {
		runner.Close()
		return nil, err
	}
	m.File = file
	m.facts = map[string]string{"weights": weights, "decoding": runner.Sent(), "special_tokens": m.Special.String(), "constrained_by": constrained} // the server has no API for its tokenizer
	m.after = func(ctx context.Context) (map[string]string, error) {
		device, err := runner.Device(ctx)
		switch {
		case device == "CPU":
			s.Observe("the server computes on the CPU, not on a GPU")
		case strings.Contains(device, "CPU"):
			s.Observe("the server computes partly on the CPU: " + device)
		}
		return map[string]string{"device": device}, err
	}
	m.ask(runner, s)
	return m, nil
}

// ignoresSchema is the remark on a server that ignores schemas.
const ignoresSchema = "the server ignores the schema: answers are not constrained"

// probeSchema checks that the server constrains answers, if the prompts have a schema. It
// returns the member that does so.
func probeSchema(ctx context.Context, s Spec, runner *ollama.Runner) (member string, err error) {
	if s.Example.Schema == nil {
		return "", nil
	}
	var obeys, known bool
	err = runners.Persist(ctx, runners.DefaultPolicy(rand.Float64), func() (err error) {
		obeys, known, err = runner.ObeysSchema(ctx, &s.Example)
		return err
	})
	switch {
	case err != nil:
		return "", err
	case obeys:
		return "format", nil
	case !known:
		s.Observe("the model only thinks, so it is unknown whether the server obeys the schema")
		return "unchecked", nil
	case s.Unconstrained:
		s.Observe(ignoresSchema)
		return "none", nil
	}
	return "", &fault.Hint{
		Err:    fmt.Errorf("ollama: model %s: %w: the server does not constrain answers to a schema: schemas are ignored", s.rest, runners.ErrFatal),
		Advice: "use a newer server or --set constrained=off; --allow-unconstrained runs the model all the same",
	}
}

// pullNotes reports the progress of a download from time to time.
func pullNotes(tell func(string)) func(ollama.Pulling) {
	status, tenth := "", int64(-1)
	return func(p ollama.Pulling) {
		at := int64(-1)
		if p.Total > 0 {
			at = 10 * p.Completed / p.Total
		}
		if p.Status == status && at == tenth {
			return
		}
		if status, tenth = p.Status, at; p.Total > 0 {
			tell(fmt.Sprintf("%s: %.1f of %.1f MB", p.Status, float64(p.Completed)/1e6, float64(p.Total)/1e6))
			return
		}
		tell(p.Status)
	}
}

// ParseKeepAlive parses the time that an Ollama server keeps a model loaded, in the form
// of the server: a time such as 30m, or a number of seconds. Below 0 means for ever, and 0
// not at all. The empty text is nil: the default of the server.
func ParseKeepAlive(text string) (*time.Duration, error) {
	if text == "" {
		return nil, nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		d := time.Duration(seconds) * time.Second
		return &d, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%s: want a time such as 30m, a number of seconds, 0 (unload at once), or -1 (forever)", text)
	}
	return &d, nil
}

// WithoutLogin returns the address of a server as it may be printed: without a name, a
// password, or a query.
func WithoutLogin(address string) string { return httpclient.Redact(address) }
