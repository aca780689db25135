package ollama_test

import (
	"context"
	"encoding/base64"
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
	const password = "very-secret"
	const login = "me:" + password
	faults.AttackAll(t, c, faults.Client{
		Upstream: fake.Config.Handler,
		Query:    faults.ModelQuery,
		Secrets:  []string{password, base64.StdEncoding.EncodeToString([]byte(login))},
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
	answer, err := faults.Answer(r.Complete(ctx, []ner.Query{q}))
	if err != nil {
		return "", err
	}
	_, err = r.Device(ctx)
	return answer, err
}
