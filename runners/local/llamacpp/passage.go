package llamacpp

import (
	"context"
	"fmt"
	"time"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp/llama"
)

// passage is one call of Complete.
type passage struct {
	ctx       context.Context
	queries   []ner.Query
	questions []*question // without those whose prompt is too long
	answers   []ner.Completion
	answered  []bool
	err       error         // why it ended early
	done      chan struct{} // closed by the engine

	open int // number of unfinished queries, in the engine
}

// question is one query.
type question struct {
	passage *passage
	index   int // position among the queries
	begin   time.Time
	tokens  []llama.Token // of the prompt
	most    int           // largest number of tokens of the answer
	stop    []string
	grammar string // empty: free decoding

	// The state in the engine.
	node    *prefix     // with the prompt but its last token
	seq     llama.SeqID // of the answer
	pos     llama.Pos   // of the next token
	last    llama.Token // of the answer
	logits  int32       // index in the batch of the token to continue; -1: none
	sampler sampler
	text    []byte
	written int // tokens
}

// newPassage tokenizes the prompts of queries.
func (r *Runner) newPassage(ctx context.Context, queries []ner.Query, begin time.Time) (*passage, error) {
	p := &passage{
		ctx: ctx, queries: queries, answers: make([]ner.Completion, len(queries)), answered: make([]bool, len(queries)), done: make(chan struct{}),
	}
	for i := range queries {
		prompt := &queries[i].Prompt
		tokens, err := r.tokens(prompt)
		if err != nil {
			return nil, fmt.Errorf("query %d: %w", i, err)
		}
		most := prompt.MaxTokens
		if most <= 0 {
			most = max(r.config.Decoding.Context-len(tokens), 1)
		}
		if len(tokens)+most > r.config.Decoding.Context {
			p.answers[i] = ner.Completion{Finish: ner.FinishTooLong, PromptTokens: len(tokens)}
			p.answered[i] = true
			continue
		}
		q := &question{passage: p, index: i, begin: begin, most: most, stop: prompt.Stop, tokens: tokens, logits: -1}
		if prompt.Schema != nil {
			if q.grammar, err = Grammar(prompt.Schema); err != nil {
				return nil, fmt.Errorf("query %d: %w", i, err)
			}
		}
		p.questions = append(p.questions, q)
	}
	p.open = len(p.questions)
	return p, nil
}

// completions are the answers before the first missing one.
func (p *passage) completions() []ner.Completion {
	for i, ok := range p.answered {
		if !ok {
			return p.answers[:i]
		}
	}
	return p.answers
}

// seedOf is the seed of a sampler.
func seedOf(d runners.Decoding) uint32 { return uint32(d.Seed) }
