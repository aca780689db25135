package llamacpp

import (
	"context"
	"fmt"
	"time"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp/llama"
)

// passage is one call of Complete: queries whose prompts have a common prefix.
type passage struct {
	ctx       context.Context
	queries   []ner.Query
	shared    []llama.Token
	questions []*question // without those whose prompt is too long
	answers   []ner.Completion
	answered  []bool
	err       error         // why it ended early
	done      chan struct{} // closed by the engine

	// The state in the engine.
	seq  llama.SeqID // sequence of the prefix
	read int         // computed tokens of the prefix
	next int         // first query that has not started
	open int         // number of unfinished queries
}

// question is one query.
type question struct {
	passage *passage
	index   int // position among the queries
	begin   time.Time
	suffix  []llama.Token // the prompt after the prefix
	most    int           // largest number of tokens of the answer
	stop    []string
	grammar string // empty: free decoding
	prompt  int    // tokens of the whole prompt

	// The state in the engine.
	seq     llama.SeqID
	pos     llama.Pos     // of the next token
	pending []llama.Token // to be computed
	logits  int32         // index in the batch of the token to continue; -1: none
	sampler sampler
	text    []byte
	written int // tokens
}

// need is the largest number of cells of memory that a query uses.
func (q *question) need() int { return len(q.suffix) + q.most }

// newPassage tokenizes the prompts of queries and finds their common prefix.
func (r *Runner) newPassage(ctx context.Context, queries []ner.Query, begin time.Time) (*passage, error) {
	p := &passage{
		ctx: ctx, queries: queries, answers: make([]ner.Completion, len(queries)), answered: make([]bool, len(queries)), done: make(chan struct{}),
	}
	var prompts [][]llama.Token
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
		q := &question{passage: p, index: i, begin: begin, most: most, stop: prompt.Stop, prompt: len(tokens), logits: -1}
		if prompt.Schema != nil {
			if q.grammar, err = Grammar(prompt.Schema); err != nil {
				return nil, fmt.Errorf("query %d: %w", i, err)
			}
		}
		p.questions = append(p.questions, q)
		prompts = append(prompts, tokens)
	}
	shared := sharedLength(prompts)
	for i, q := range p.questions {
		q.suffix = prompts[i][shared:]
	}
	if shared > 0 {
		p.shared = prompts[0][:shared]
	}
	p.open = len(p.questions)
	return p, nil
}

// sharedLength is the length of the longest common prefix. It leaves at least one token
// of each prompt, which the answer continues. A single prompt has no common prefix.
func sharedLength(prompts [][]llama.Token) int {
	if len(prompts) < 2 {
		return 0
	}
	n := len(prompts[0]) - 1
	for _, p := range prompts[1:] {
		n = min(n, len(p)-1)
		for i := range n {
			if p[i] != prompts[0][i] {
				n = i
				break
			}
		}
	}
	return n
}

// largest is the largest need of the queries.
func (p *passage) largest() int {
	n := 0
	for _, q := range p.questions {
		n = max(n, q.need())
	}
	return n
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
