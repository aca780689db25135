package runners

import (
	"context"
	"fmt"

	"nerbench/ner"
)

// Repeatability sends the queries twice and returns how many answers differ in text or
// finish reason. With greedy decoding, answers are equal if the server computes
// deterministically. They may differ if it batches them with other requests.
func Repeatability(ctx context.Context, r Runner, queries []ner.Query) (differ int, err error) {
	first, err := r.Complete(ctx, queries)
	if err != nil {
		return 0, fmt.Errorf("repeatability: first time: %w", err)
	}
	second, err := r.Complete(ctx, queries)
	if err != nil {
		return 0, fmt.Errorf("repeatability: second time: %w", err)
	}
	for i := range first {
		if first[i].Text != second[i].Text || first[i].Finish != second[i].Finish {
			differ++
		}
	}
	return differ, nil
}
