package vllm

import (
	"context"
	"encoding/json"
	"net/http"

	"nerbench/ner"
	"nerbench/runners"
)

// room holds which prompts fit the context with their answers.
type room struct {
	limit   int   // context, in tokens; 0: unknown
	all     bool  // all prompts fit, as far as known
	sure    bool  // unknown counts do not matter, or will be checked afterwards
	tokens  []int // tokens of the prompts; nil: not counted; 0: not counted for this prompt
	answers []int // longest answers, in tokens
}

// tooLong reports whether a counted prompt does not fit.
func (m *room) tooLong(i int) bool {
	n := m.counted(i)
	return n > 0 && n+m.answers[i] > m.limit
}

// counted is the number of tokens of a prompt; 0: not counted.
func (m *room) counted(i int) int {
	if m.tokens == nil {
		return 0
	}
	return m.tokens[i]
}

// added is larger than the number of special tokens that a server adds to a prompt.
const added = 8

// room counts tokens if the length in bytes does not decide (docs/spec/prompts.md §2.6).
// It counts the longest prompt first, because the prompts of a passage differ only in
// short parts.
func (r *Runner) room(ctx context.Context, s *server, queries []ner.Query) (room, error) {
	m := room{limit: r.limit(s), all: true, sure: true}
	if m.limit == 0 || r.fitsByBytes(m.limit, queries) {
		return m, nil
	}
	m.tokens, m.answers = make([]int, len(queries)), make([]int, len(queries))
	longest := 0
	for i := range queries {
		m.answers[i] = queries[i].Prompt.MaxTokens
		if queries[i].Prompt.Size() > queries[longest].Prompt.Size() {
			longest = i
		}
	}
	if !r.abilities.Tokenize { // the server decides, and reports the tokens of one prompt
		m.sure = r.abilities.TokenIDs
		return m, nil
	}
	n, err := r.count(ctx, s, &queries[longest].Prompt)
	if err != nil {
		return m, err
	}
	m.tokens[longest] = n
	if n+m.answers[longest]+apart(queries, longest) <= m.limit {
		return m, nil
	}
	for i := range queries {
		if m.tokens[i] == 0 {
			if m.tokens[i], err = r.count(ctx, s, &queries[i].Prompt); err != nil {
				return m, err
			}
		}
		m.all = m.all && !m.tooLong(i)
	}
	return m, nil
}

// fitsByBytes reports whether prompts fit by their lengths in bytes. If the token counts
// of each prompt are checked afterwards, it assumes two bytes per token. Otherwise it
// assumes one byte per token, which is a bound, because vocabularies fall back to bytes.
func (r *Runner) fitsByBytes(limit int, queries []ner.Query) bool {
	seen := r.abilities.TokenIDs || len(queries) == 1
	for i := range queries {
		p := &queries[i].Prompt
		tokens := p.Size() + added
		if seen {
			tokens = (p.Size() + 1) / 2
		}
		if tokens+p.MaxTokens > limit {
			return false
		}
	}
	return true
}

// apart is the largest number of bytes in which the end of a prompt differs from that of
// the longest prompt. A prompt cannot have more additional tokens than these bytes.
func apart(queries []ner.Query, longest int) int {
	most := 0
	whole := queries[longest].Prompt.Text
	for i := range queries {
		text := queries[i].Prompt.Text
		n := 0
		for n < len(text) && n < len(whole) && text[n] == whole[n] {
			n++
		}
		most = max(most, len(text)-n)
	}
	return most
}

// limit is the context of a server, in tokens, or the configured one if that is smaller;
// 0: unknown.
func (r *Runner) limit(s *server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := 0
	if s.said != nil {
		limit = s.said.context
	}
	if own := r.config.Decoding.Context; own > 0 && (limit == 0 || own < limit) {
		return own
	}
	return limit
}

// count is the number of tokens of a prompt on a server, with those that it adds.
func (r *Runner) count(ctx context.Context, s *server, p *ner.Prompt) (int, error) {
	f := fields{"model": r.config.Model}
	if p.Chat() {
		f["messages"] = p.Messages
		f[templateKwargs] = r.variables
	} else {
		f["prompt"] = p.Text
	}
	return r.tokenize(ctx, s, f)
}

// tokenize is the number of tokens of a text on a server.
func (r *Runner) tokenize(ctx context.Context, s *server, f fields) (int, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Count *int `json:"count"`
	}
	err = r.exchange(ctx, s, min(patience, r.config.Timeout), runners.LargestDescription, http.MethodPost, s.base.JoinPath("tokenize").String(), body, func(b []byte) error {
		if err := json.Unmarshal(b, &answer); err != nil || answer.Count == nil {
			return misread("/tokenize: unexpected JSON")
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return *answer.Count, nil
}

// specialTokens returns how a server splits special tokens.
func (r *Runner) specialTokens(ctx context.Context, s *server) (*runners.Special, error) {
	return runners.SpecialOf(r.config.Special, func(text string, added bool) (int, error) {
		f := fields{"model": r.config.Model, "prompt": text}
		if !added {
			f["add_special_tokens"] = false
		}
		return r.tokenize(ctx, s, f)
	})
}

// Tokens returns the tokens of a prompt on the first server. Those of a completion have the
// tokens that the server adds to a prompt, if begin is set. Those of a chat are written by
// the model's template, with the beginning of an answer if the last message is a
// question.
func (r *Runner) Tokens(ctx context.Context, p *ner.Prompt, begin bool) ([]int, error) {
	f := fields{"model": r.config.Model}
	if p.Chat() {
		f["messages"], f[templateKwargs] = p.Messages, r.variables
		f["add_generation_prompt"] = p.Messages[len(p.Messages)-1].Role != "assistant"
	} else {
		f["prompt"], f["add_special_tokens"] = p.Text, begin
	}
	var answer struct {
		Tokens []int `json:"tokens"`
	}
	err := r.consult(ctx, "tokenize", f, &answer)
	if err == nil && answer.Tokens == nil {
		err = misread("/tokenize: no tokens")
	}
	return answer.Tokens, err
}

// Text returns the text of tokens on the first server.
func (r *Runner) Text(ctx context.Context, tokens []int) (string, error) {
	var answer struct {
		Prompt string `json:"prompt"`
	}
	err := r.consult(ctx, "detokenize", fields{"model": r.config.Model, "tokens": tokens}, &answer)
	return answer.Prompt, err
}

// consult sends a question about the tokenizer to the first server.
func (r *Runner) consult(ctx context.Context, path string, f fields, answer any) error {
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	s := r.pool.servers[0]
	return r.exchange(ctx, s, min(patience, r.config.Timeout), runners.LargestDescription, http.MethodPost, s.base.JoinPath(path).String(), body, func(b []byte) error {
		if err := json.Unmarshal(b, answer); err != nil {
			return misread("/%s: unexpected JSON: %w", path, err)
		}
		return nil
	})
}
