package ollama_test

import (
	"strings"
	"testing"
	"time"

	"nerbench/runners"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/runnertest"
)

func TestConformanceOfTheFake(t *testing.T) {
	answer := func(prompt string) string { return `["` + prompt + `"]` }
	runnertest.Run(t, runnertest.Suite{
		New: func(t *testing.T) runners.Runner {
			return newRunner(t, ollamatest.New(t, func(f *ollamatest.Fake) { f.Answer = answer }), nil)
		},
		Slow: func(t *testing.T) runners.Runner {
			return newRunner(t, ollamatest.New(t, func(f *ollamatest.Fake) { f.Delay = time.Minute }), nil)
		},
		Query:   query,
		Answer:  answer,
		TooLong: strings.Repeat("too long ", 1000),
	})
}
