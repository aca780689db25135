package open

import (
	"context"
	"fmt"
	"os"
	"strings"

	"nerbench/runners"
	"nerbench/runners/vllm"
)

// APIKey reads the key of a server from a file, or from OPENAI_API_KEY if no file is
// named. There is no flag for the key, because other users of the machine can read
// flags. The key is never stored.
func APIKey(file string, getenv func(string) string) (string, error) {
	if file == "" {
		return strings.TrimSpace(getenv("OPENAI_API_KEY")), nil
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

// openVLLM opens a model on one or several servers, and probes their abilities.
func openVLLM(ctx context.Context, s Spec) (*Model, error) {
	key, err := APIKey(s.KeyFile, s.Getenv)
	if err != nil {
		return nil, err
	}
	if base := s.Getenv("OPENAI_BASE_URL"); len(s.Servers) == 0 && base != "" {
		s.Servers = []string{base}
	}
	decoding := s.Decoding
	if decoding.Context == 0 {
		decoding.Context = s.MadeFor // the context of the server may be shorter
	}
	runner, err := vllm.New(vllm.Config{
		Servers: s.Servers, Model: s.rest, Key: key, Decoding: decoding, Timeout: s.Timeout,
		Connections: max(s.Connections, adaptUpTo), Special: s.Special, Observe: s.Observe,
	})
	if err != nil {
		return nil, err
	}
	identity, err := runner.Identify(ctx)
	if err != nil {
		return nil, err
	}
	abilities, err := runner.Probe(ctx, &s.Example)
	if err != nil {
		return nil, err
	}
	noteAbilities(s, identity, abilities)
	m := &Model{Identity: identity, Decoding: s.Decoding, Special: abilities.Special, close: runner.Close}
	if m.Decoding.Context == 0 {
		m.Decoding.Context = shorter(identity.Context, s.MadeFor)
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

// noteAbilities reports limits of the server that a user should see before a long run.
func noteAbilities(s Spec, id runners.Identity, a vllm.Abilities) {
	if id.Context == 0 && s.Decoding.Context == 0 && s.MadeFor == 0 {
		s.Observe("the server does not report its context length: only token counts show whether it cuts prompts (--context N sets a limit)")
	}
	if a.Standard {
		s.Observe("the server refuses sampling parameters that OpenAI's API does not have: some keep the server's defaults")
	}
	s.noteSpecial(a.Special)
}

// cacheCounts returns a function that counts the prompt tokens of a run, and those that
// its servers computed. The counts are omitted if the servers do not report them.
func cacheCounts(ctx context.Context, r *vllm.Runner) func() map[string]int64 {
	before, told := r.Cache(ctx)
	return func() map[string]int64 {
		counts := r.Failures()
		after, ok := r.Cache(context.WithoutCancel(ctx))
		used := after.Sub(before)
		// A restarted server counts from 0.
		if told && ok && used.Tokens > 0 && used.Cached >= 0 {
			counts["prompt_tokens"], counts["prompt_tokens_computed"] = used.Tokens, used.Tokens-used.Cached
		}
		return counts
	}
}
