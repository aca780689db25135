package llamacpp_test

import (
	"context"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
	"nerbench/runners/runnertest"
)

func TestConformance(t *testing.T) {
	file := tiny(t)
	runnertest.Run(t, runnertest.Suite{
		New: func(t *testing.T) runners.Runner {
			return open(t, llamacpp.Config{File: file, LongestAnswer: 8, Decoding: runners.Decoding{Context: 600}})
		},
		Query: func(text string) ner.Query { return query("Text: "+text, 8) },
		Slow: func(t *testing.T) runners.Runner {
			return slow{open(t, llamacpp.Config{File: file, LongestAnswer: 1500, Decoding: runners.Decoding{Context: 2048}})}
		},
		TooLong: strings.Repeat("one two three ", 400),
		Tokens:  true,
	})
}

// slow requests long answers.
type slow struct{ *llamacpp.Runner }

func (s slow) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	for i := range queries {
		queries[i].Prompt.MaxTokens = 1400
	}
	return s.Runner.Complete(ctx, queries)
}
