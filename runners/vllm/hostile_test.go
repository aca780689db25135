package vllm_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/runnertest/faults"
	"nerbench/runners/vllm"
	"nerbench/runners/vllm/vllmtest"
)

// TestHostileVLLM: what hostile servers do to the runner, as vllm/ and as openai/, in
// both shapes.
func TestHostileVLLM(t *testing.T) {
	c := campaign.Start(t, faults.Tries())
	const key = "sk-very-secret"
	fake := vllmtest.New(t, func(f *vllmtest.Fake) { f.Key = key })
	faults.AttackAll(t, c, faults.Client{
		Upstream: fake.Config.Handler,
		Query:    faults.ModelQuery,
		Secrets:  []string{key},
		Ask: func(address string, limit time.Duration, random *rand.Rand) (string, error) {
			config := vllm.Config{Servers: []string{address}, Model: "tiny", Key: key, Decoding: runners.Decoding{Seed: 1}, Timeout: limit}
			if random.IntN(2) == 0 {
				config.Prefix, config.AnyName = "openai", true
			}
			q := query("Text: x")
			if random.IntN(2) == 0 {
				q = chat("Text: x")
			}
			r, err := vllm.New(config)
			if err != nil {
				return "", err
			}
			defer r.Close()
			r.LookFor(limit)
			r.RestFor(time.Millisecond)
			return askOnce(t.Context(), r, q)
		},
	})
}

// askOnce identifies and probes a server, and sends one query.
func askOnce(ctx context.Context, r *vllm.Runner, q ner.Query) (string, error) {
	if _, err := r.Identify(ctx); err != nil {
		return "", err
	}
	if _, err := r.Probe(ctx, &q.Prompt); err != nil {
		return "", err
	}
	return faults.Answer(r.Complete(ctx, []ner.Query{q}))
}
