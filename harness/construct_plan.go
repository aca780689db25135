package harness

import (
	"context"
	"time"

	"nerbench/results"
)

// probed is the number of passages that a plan asks about.
const probed = 16

// ConstructPlan estimates what the answers about all passages cost, from a few of them. Those
// are kept: they are not asked again.
type ConstructPlan struct {
	Probed   int `json:"probed"`   // passages that were asked about
	Answered int `json:"answered"` // passages of the part with an answer, these included
	Left     int `json:"left"`     // passages of the part without an answer
	// PromptTokens and AnswerTokens are those of the passages that are left; null: the server
	// does not tell.
	PromptTokens *int `json:"prompt_tokens"`
	AnswerTokens *int `json:"answer_tokens"`
	// Seconds is the time for them, at the rate of the probe.
	Seconds float64 `json:"seconds"`
	// Money is their cost by the price of the model; null: no price is known.
	Money *float64 `json:"money"`
}

// probe limits questions to a few passages without an answer.
func (c *construction) probe(ctx context.Context, store *results.Store, run string, q *questions) error {
	done, err := store.Done(ctx, run)
	if err != nil {
		return err
	}
	chosen := map[int]bool{}
	for i := range done {
		if len(chosen) < probed && q.has(i) && !done[i] {
			chosen[i] = true
		}
	}
	q.has, q.of = func(i int) bool { return chosen[i] }, " of the plan"
	return nil
}

// estimate extrapolates what a probe cost, which took some time. done tells for each
// passage whether it has an answer.
func (c *construction) estimate(done []bool, before, after results.Cost, took time.Duration) *ConstructPlan {
	answered, wanted := countPart(done, c.has)
	p := &ConstructPlan{Probed: after.Queries - before.Queries, Answered: answered, Left: wanted - answered}
	if p.Probed == 0 {
		return p
	}
	times := func(n int) int { return int(float64(n) / float64(p.Probed) * float64(p.Left)) }
	p.Seconds = took.Seconds() / float64(p.Probed) * float64(p.Left)
	if !after.TokensKnown() {
		return p
	}
	in, out := times(after.PromptTokens-before.PromptTokens), times(after.AnswerTokens-before.AnswerTokens)
	p.PromptTokens, p.AnswerTokens = &in, &out
	price := c.Price
	if price == (Price{}) && c.card != nil {
		price = Price{In: c.card.PriceIn, Out: c.card.PriceOut}
	}
	if price != (Price{}) {
		money := (price.In*float64(in) + price.Out*float64(out)) / 1e6
		p.Money = &money
	}
	return p
}
