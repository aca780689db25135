package ollama_test

import (
	"context"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/runnertest/faults"
)

// TestHostileOllama: what hostile servers do to the runner, in both shapes.
func TestHostileOllama(t *testing.T) {
	c := campaign.Start(t, faults.Tries())
	fake := ollamatest.New(t)
	const login = "me:very-secret"
	faults.AttackAll(t, c, faults.Client{
		Upstream: fake.Config.Handler,
		Query:    func(path string) bool { return path == "/api/generate" || path == "/api/chat" },
		Secret:   base64.StdEncoding.EncodeToString([]byte(login)),
		Ask: func(address string, limit time.Duration, random *rand.Rand) (string, error) {
			host := strings.Replace(address, "://", "://"+login+"@", 1)
			r, err := ollama.New(ollama.Config{Host: host, Model: fake.Model, Decoding: runners.Decoding{Seed: 1, Context: 1024}, Timeout: limit})
			if err != nil {
				return "", err
			}
			defer r.Close()
			r.LookFor(limit)
			q := query("Text: x")
			if random.IntN(2) == 0 {
				q.Prompt = ner.Prompt{Messages: []ner.Message{{Role: "user", Content: "Text: x"}}, MaxTokens: 16}
			}
			return askOnce(t.Context(), r, q)
		},
	})
}

// askOnce identifies a server and sends one query.
func askOnce(ctx context.Context, r *ollama.Runner, q ner.Query) (string, error) {
	if _, err := r.Identify(ctx); err != nil {
		return "", err
	}
	got, err := r.Complete(ctx, []ner.Query{q})
	switch {
	case err != nil:
		return "", err
	case len(got) != 1:
		return "", errors.New("no answer and no error")
	case got[0].Finish == ner.FinishRefused:
		return "", errors.New(got[0].Text)
	}
	if _, err := r.Device(ctx); err != nil {
		return "", err
	}
	return got[0].Text + got[0].Thinking, nil
}
