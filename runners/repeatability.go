package runners

import (
	"context"
	"fmt"

	"nerbench/ner"
)

// Repeatability asks the queries twice and returns how many answers differ in
// text or finish reason. A greedy model of a server that computes the same way
// every time differs nowhere; one that shares its batches with other requests
// may.
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
