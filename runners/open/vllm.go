package open

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"nerbench/internal/fault"
	"nerbench/ner"
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

// openVLLM opens a model on one or several servers.
func openVLLM(ctx context.Context, s Spec) (*Model, error) {
	return openServers(ctx, s, vllm.Config{})
}

// openOpenAI opens a model on any server with OpenAI's API. The server must be named: a
// default would send the prompts of one user to a server on the Internet, or those of
// another to a port of this machine.
func openOpenAI(ctx context.Context, s Spec) (*Model, error) {
	if len(s.Servers) == 0 && s.Getenv("OPENAI_BASE_URL") == "" {
		return nil, fault.Usagef("model %s: no server: want --base-url URL or OPENAI_BASE_URL, such as https://api.openai.com/v1", s.Name)
	}
	return openServers(ctx, s, vllm.Config{Prefix: "openai", AnyName: true})
}

// openServers probes the abilities of servers.
func openServers(ctx context.Context, s Spec, config vllm.Config) (*Model, error) {
	if s.Decoding.Think && !s.Example.Chat() {
		return nil, fault.Usagef("model %s: think=%s has no effect on completion prompts, which have no chat template (--set as=chat sends them as a chat)", s.Name, thinkKey(s.Decoding))
	}
	key, err := APIKey(s.KeyFile, s.Getenv)
	if err != nil {
		return nil, err
	}
	named, err := s.NamedWeights(ctx)
	if err != nil {
		return nil, err
	}
	if base := s.Getenv("OPENAI_BASE_URL"); len(s.Servers) == 0 && base != "" {
		s.Servers = []string{base}
	}
	if s.ThinkSwitch != "" && !s.Example.Chat() {
		return nil, fault.Usagef("model %s: think_switch has no effect on completion prompts, which have no chat template (--set as=chat sends them as a chat)", s.Name)
	}
	decoding := s.Decoding
	if decoding.Context == 0 {
		decoding.Context = s.MadeFor // the context of the server may be shorter
	}
	config.Servers, config.Model, config.Key, config.Decoding, config.Timeout = s.Servers, s.rest, key, decoding, s.Timeout
	config.Connections, config.Special, config.Observe, config.ThinkSwitch = max(s.Connections, adaptUpTo), s.Special, s.Observe, s.ThinkSwitch
	config.Unconstrained = s.Unconstrained
	runner, err := vllm.New(config)
	if err != nil {
		return nil, err
	}
	identity, err := runner.Identify(ctx)
	if err != nil {
		return nil, err
	}
	var abilities vllm.Abilities
	err = runners.Persist(ctx, runners.DefaultPolicy(rand.Float64), func() (err error) {
		abilities, err = runner.Probe(ctx, &s.Example)
		return err
	})
	if err != nil {
		return nil, err
	}
	noteAbilities(s, identity, abilities)
	m := &Model{Identity: identity, Decoding: s.Decoding, Special: abilities.Special, close: runner.Close}
	if m.Decoding.Context == 0 {
		m.Decoding.Context = shorter(identity.Context, s.MadeFor)
	}
	m.Keys, m.AnswerBy = sentKeys(s, runner, abilities.Schema == vllm.NoSchema)
	m.after = func(context.Context) (map[string]string, error) {
		return map[string]string{"answered_by": runner.AnsweredBy()}, nil
	}
	m.facts = map[string]string{"decoding": runner.Sent(), "lists": listsFact(abilities), "special_tokens": abilities.Special.String(), "constrained_by": abilities.Schema}
	if named.Digest != "" {
		m.identifyBy(named, s)
	}
	if abilities.Tokenize {
		m.Count = countsBy(runner)
	}
	m.counts = cacheCounts(ctx, runner)
	m.ask(runner, s)
	return m, nil
}

// countsBy counts tokens by the tokenizer API of a server.
func countsBy(r *vllm.Runner) func(context.Context, string) (int, error) {
	return func(ctx context.Context, text string) (n int, err error) {
		err = runners.Persist(ctx, runners.DefaultPolicy(rand.Float64), func() error {
			tokens, err := r.Tokens(ctx, &ner.Prompt{Text: text}, false)
			n = len(tokens)
			return err
		})
		return n, err
	}
}

// sentKeys are the keys that differ from those of the request, because the server does
// not get them as requested, and the setting that is part of an answer's address.
func sentKeys(s Spec, runner *vllm.Runner, unconstrained bool) (keys map[string]string, answerBy string) {
	keys = map[string]string{"think": runner.ThinkSent(s.Example.Chat())}
	if keys["think"] == "" && s.Decoding.Think { // the limit of an answer with thinking is all that is left of it
		keys["max_tokens"] = strconv.Itoa(s.LongestAnswer)
	}
	var parts []string
	if s.ThinkSwitch != "" && s.ThinkSwitch != vllm.DefaultSwitch {
		keys["think_switch"] = s.ThinkSwitch
		parts = append(parts, "think_switch="+s.ThinkSwitch)
	}
	for _, name := range runner.Unsent() {
		keys[name] = ""
		parts = append(parts, "no "+name)
	}
	if unconstrained {
		parts = append(parts, "unconstrained")
	}
	return keys, strings.Join(parts, " ")
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
	if len(a.Refuses) > 0 {
		s.Observe(fmt.Sprintf("the server refuses %s: it uses its own defaults for them", strings.Join(a.Refuses, ", ")))
	}
	if a.Schema == vllm.NoSchema {
		s.Observe(ignoresSchema)
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
