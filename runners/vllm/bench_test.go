package vllm_test

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/vllm"
	"nerbench/runners/vllm/vllmtest"
)

// BenchmarkLists sends passages of 13 prompts, one list each, over 32 connections, to a
// server that answers at once and runs on the same cores. bare is a load generator that
// posts the same bodies (budget: 40,000 prompts per second).
func BenchmarkLists(b *testing.B) {
	const passages, types, connections = 3000, 13, 32
	fake := vllmtest.New(b, func(f *vllmtest.Fake) {
		f.Answer = func(string) string { return ` ["Mira Okafor"]` }
	})
	r, err := vllm.New(vllm.Config{Servers: []string{fake.URL}, Model: "tiny", Decoding: runners.Decoding{Seed: 1}})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	r.SetAbilities(vllm.Abilities{Lists: true, TokenIDs: true})
	work := make([][]ner.Query, passages)
	for i := range work {
		for k := range types {
			work[i] = append(work[i], query(fmt.Sprintf("passage %d of some words about a person and a place , type %d", i, k)))
		}
	}
	body := []byte(`{"model":"tiny","prompt":[`)
	for k := range work[0] {
		if k > 0 {
			body = append(body, ',')
		}
		body = append(body, fmt.Sprintf("%q", work[0][k].Prompt.Text)...)
	}
	body = append(body, `],"max_tokens":256,"stop":["</s>"]}`...)
	client := runners.NewClient(connections, nil)
	each := func(do func(i int) error) time.Duration {
		start := time.Now()
		var next atomic.Int64
		var group sync.WaitGroup
		for range connections {
			group.Go(func() {
				for i := int(next.Add(1)) - 1; i < passages; i = int(next.Add(1)) - 1 {
					if err := do(i); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		return time.Since(start)
	}
	for b.Loop() {
		bare := each(func(int) error {
			response, err := client.Post(fake.URL+"/v1/completions", "application/json", bytes.NewReader(body))
			if err != nil {
				return err
			}
			defer response.Body.Close()
			_, err = io.Copy(io.Discard, response.Body)
			return err
		})
		ours := each(func(i int) error {
			_, err := r.Complete(b.Context(), work[i])
			return err
		})
		b.ReportMetric(passages*types/ours.Seconds(), "prompts/s")
		b.ReportMetric(bare.Seconds()/ours.Seconds(), "of_bare")
	}
}
