package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/runners"
	"nerbench/runners/vllm"
)

// apiKeyFlag names a file with the key of a server.
func apiKeyFlag() cli.Flag {
	return &cli.StringFlag{Name: "api-key-file", Usage: "`FILE` with the key of the server (default: the variable OPENAI_API_KEY)"}
}

// apiKey is the key that servers are asked with. It is in no flag, because others
// see those, and nothing keeps it.
func (env *environment) apiKey(file string) (string, error) {
	if file == "" {
		return strings.TrimSpace(env.getenv("OPENAI_API_KEY")), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("api key: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" || strings.ContainsAny(key, "\n\r") {
		return "", fmt.Errorf("api key: %s: want one line with the key", file)
	}
	return key, nil
}

// openVLLM opens a model of one or several servers, and finds out what they can do.
func openVLLM(ctx context.Context, env *environment, s modelSpec) (*model, error) {
	key, err := env.apiKey(s.keyFile)
	if err != nil {
		return nil, err
	}
	if base := env.getenv("OPENAI_BASE_URL"); len(s.servers) == 0 && base != "" {
		s.servers = []string{base}
	}
	decoding := s.decoding
	if decoding.Context == 0 {
		decoding.Context = s.madeFor // the server may be shorter
	}
	runner, err := vllm.New(vllm.Config{
		Servers: s.servers, Model: s.name, Key: key, Decoding: decoding, Timeout: s.timeout,
		Connections: max(s.connections, adaptUpTo), Special: s.special, Observe: s.observe,
	})
	if err != nil {
		return nil, err
	}
	identity, err := runner.Identify(ctx)
	if err != nil {
		return nil, err
	}
	abilities, err := runner.Probe(ctx, &s.example)
	if err != nil {
		return nil, err
	}
	noteAbilities(s, identity, abilities)
	m := &model{identity: identity, decoding: s.decoding, special: abilities.Special, close: runner.Close}
	if m.decoding.Context == 0 {
		m.decoding.Context = shorter(identity.Context, s.madeFor)
	}
	m.facts = map[string]string{"decoding": runner.Sent(), "lists": listsFact(abilities), "special_tokens": abilities.Special.String()}
	m.counts = cacheCounts(ctx, runner)
	m.ask(runner, s)
	return m, nil
}

func listsFact(a vllm.Abilities) string {
	if a.Lists {
		return "yes"
	}
	return "no, one by one"
}

// noteAbilities tells what a reader of the scores should know before hours of
// asking.
func noteAbilities(s modelSpec, id runners.Identity, a vllm.Abilities) {
	if id.Context == 0 && s.decoding.Context == 0 && s.madeFor == 0 {
		s.observe("the server does not say how long its context is: prompts that it cuts are noticed by their token counts only (--context N bounds them)")
	}
	if a.Standard {
		s.observe("the server refuses sampling parameters beyond those of OpenAI's API: some are left to its defaults")
	}
	s.noteSpecial(a.Special)
}

// cacheCounts returns what counts the prompt tokens of a run, and those of them that
// its servers computed: nothing, where they do not tell.
func cacheCounts(ctx context.Context, r *vllm.Runner) func() map[string]int64 {
	before, told := r.Cache(ctx)
	return func() map[string]int64 {
		counts := r.Failures()
		after, ok := r.Cache(context.WithoutCancel(ctx))
		used := after.Sub(before)
		// A server that was started again counts anew.
		if told && ok && used.Tokens > 0 && used.Cached >= 0 {
			counts["prompt_tokens"], counts["prompt_tokens_computed"] = used.Tokens, used.Tokens-used.Cached
		}
		return counts
	}
}

// examineVLLM looks at the server at the usual place, or at OPENAI_BASE_URL.
func examineVLLM(env *environment, ctx context.Context) finding {
	address := env.getenv("OPENAI_BASE_URL")
	if address == "" {
		address = vllm.DefaultServer
	}
	key, err := env.apiKey("")
	if err != nil {
		return found(broken, err)
	}
	limited, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	status, err := vllm.Look(limited, address, key)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return found(broken, fmt.Errorf("vllm: %s: no answer in %s", status.Address, lookFor))
	case errors.Is(err, runners.ErrTemporary):
		return found(absent, err)
	case err != nil:
		return found(broken, err)
	}
	f := finding{State: fine, Detail: map[string]any{"address": status.Address, "kind": status.Kind, "version": status.Version, "models": status.Models}}
	f.Text = fmt.Sprintf("%s %s at %s, %d models", status.Kind, printable(status.Version), status.Address, len(status.Models))
	for i, m := range status.Models {
		f.Text += []string{": ", ", "}[min(i, 1)] + printable(m.Name)
	}
	return f
}
