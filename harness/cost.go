package harness

import (
	"context"
	"strconv"
	"time"

	"nerbench/results"
)

// Cost is the expense of the answers of runs.
type Cost struct {
	Queries int `json:"queries"`
	// PromptTokens and AnswerTokens are as servers report them. Computed counts the
	// prompt tokens that were not taken from a cache; null: unknown.
	PromptTokens int  `json:"prompt_tokens"`
	AnswerTokens int  `json:"answer_tokens"`
	Computed     *int `json:"prompt_tokens_computed"`
	// Seconds is the sum of the times from query to answer. Queries that run at the
	// same time each count in full.
	Seconds float64 `json:"seconds"`
	// Money is the cost by the price of the model; null: no price is known.
	Money *float64 `json:"money"`
}

// Price is the price of a million tokens, in any currency.
type Price struct{ In, Out float64 }

// ReadCost sums the answers of a run. An answer that several runs share counts in
// each of them.
func ReadCost(ctx context.Context, store *results.Store, info results.RunInfo, p Price) (Cost, error) {
	var c Cost
	var spent time.Duration
	for passage, err := range store.Passages(ctx, info.ID) {
		if err != nil {
			return c, err
		}
		for _, a := range passage.Answers {
			c.Queries++
			c.PromptTokens += a.Completion.PromptTokens
			c.AnswerTokens += a.Completion.AnswerTokens
			spent += a.Completion.Duration
		}
	}
	c.Seconds = spent.Seconds()
	if n, err := strconv.Atoi(info.Facts["prompt_tokens_computed"]); err == nil {
		c.Computed = &n
	}
	if p != (Price{}) {
		money := (p.In*float64(c.PromptTokens) + p.Out*float64(c.AnswerTokens)) / 1e6
		c.Money = &money
	}
	return c, nil
}

// Add joins the costs of two runs.
func (c Cost) Add(o Cost) Cost {
	c.Queries += o.Queries
	c.PromptTokens += o.PromptTokens
	c.AnswerTokens += o.AnswerTokens
	c.Seconds += o.Seconds
	c.Computed, c.Money = addKnown(c.Computed, o.Computed), addKnown(c.Money, o.Money)
	return c
}

// addKnown adds numbers; the sum is unknown (nil) if one of them is.
func addKnown[N int | float64](a, b *N) *N {
	if a == nil || b == nil {
		return nil
	}
	sum := *a + *b
	return &sum
}
