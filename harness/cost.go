package harness

import (
	"context"
	"strconv"

	"nerbench/results"
)

// Cost is the expense of the answers of runs. What a server does not tell is unknown
// (null), and not 0.
type Cost struct {
	Queries int `json:"queries"`
	// PromptTokens and AnswerTokens are as servers report them. Computed counts the
	// prompt tokens that were not taken from a cache.
	PromptTokens *int `json:"prompt_tokens"`
	AnswerTokens *int `json:"answer_tokens"`
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
	sum, _, err := store.Cost(ctx, info.ID)
	if err != nil {
		return Cost{}, err
	}
	return newCost(info, sum, p), nil
}

// RunCost is [ReadCost] without a price. It keeps the sum in the store of the bench, if it
// can be written.
func (b *Bench) RunCost(ctx context.Context, store *results.Store, info results.RunInfo) (Cost, error) {
	sum, kept, err := store.Cost(ctx, info.ID)
	if err != nil {
		return Cost{}, err
	}
	if !kept {
		(&statistics{bench: b, store: store}).keep(ctx, sum.Queries, func(s *results.Store) error { return s.SaveCost(ctx, info, sum) })
	}
	return newCost(info, sum, Price{}), nil
}

func newCost(info results.RunInfo, sum results.Cost, p Price) Cost {
	c := Cost{Queries: sum.Queries, Seconds: sum.Duration.Seconds()}
	if n, err := strconv.Atoi(info.Facts["prompt_tokens_computed"]); err == nil {
		c.Computed = &n
	}
	if !sum.TokensKnown() {
		return c
	}
	c.PromptTokens, c.AnswerTokens = &sum.PromptTokens, &sum.AnswerTokens
	if p != (Price{}) {
		money := (p.In*float64(sum.PromptTokens) + p.Out*float64(sum.AnswerTokens)) / 1e6
		c.Money = &money
	}
	return c
}

// Add joins the costs of two runs.
func (c Cost) Add(o Cost) Cost {
	c.Queries += o.Queries
	c.Seconds += o.Seconds
	c.PromptTokens, c.AnswerTokens = addKnown(c.PromptTokens, o.PromptTokens), addKnown(c.AnswerTokens, o.AnswerTokens)
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
