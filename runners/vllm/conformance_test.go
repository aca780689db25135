package vllm_test

import (
	"strings"
	"testing"
	"time"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/runnertest"
	"nerbench/runners/vllm/vllmtest"
)

func echo(prompt string) string { return `["` + prompt + `"]` }

// TestConformanceOfTheFake: with and without lists, with and without a tokenizer.
func TestConformanceOfTheFake(t *testing.T) {
	for name, set := range map[string]func(*vllmtest.Fake){
		"lists":         func(*vllmtest.Fake) {},
		"one by one":    func(f *vllmtest.Fake) { f.Single = true },
		"nothing known": func(f *vllmtest.Fake) { f.Bare, f.Owner = true, "someone" },
	} {
		t.Run(name, func(t *testing.T) {
			open := func(t *testing.T, change func(*vllmtest.Fake)) runners.Runner {
				return newRunner(t, vllmtest.New(t, func(f *vllmtest.Fake) { f.Answer = echo }, set, change), nil)
			}
			runnertest.Run(t, runnertest.Suite{
				New:     func(t *testing.T) runners.Runner { return open(t, func(*vllmtest.Fake) {}) },
				Slow:    func(t *testing.T) runners.Runner { return slow(t, set) },
				Query:   func(text string) ner.Query { return query("Text: " + text) },
				Answer:  func(text string) string { return echo("Text: " + text) },
				TooLong: strings.Repeat("too long ", 1000),
				Tokens:  name != "nothing known",
			})
		})
	}
}

// slow is a runner whose server is slow after the probe.
func slow(t *testing.T, set func(*vllmtest.Fake)) runners.Runner {
	f := vllmtest.New(t, set)
	r := newRunner(t, f, nil)
	f.Delay = time.Minute
	return r
}
