package ollama

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"nerbench/ner"
	"nerbench/runners"
)

// guard remembers what is known of a server that reads fewer tokens than usual.
type guard struct {
	mu      sync.Mutex
	refuses bool // the server was seen to refuse what exceeds its context
}

// checkWhole returns a [runners.ShortenedError] if the server cut the prompt (docs/spec/prompts.md
// §2.6). Versions before truncate and shift existed ignore them, and betray it
// by the number of tokens: fewer than one for eight bytes is too few. But a
// model may have whole sentences of a prompt as one token, so that few tokens
// raise a suspicion only, and the server is put to the test: does it refuse a
// prompt that cannot fit? A server that does cuts nothing.
func (a *asking) checkWhole(ctx context.Context, p *ner.Prompt, tokens int) error {
	size := p.Size()
	if !runners.Suspicious(size, tokens) {
		return nil
	}
	a.guard.mu.Lock()
	defer a.guard.mu.Unlock()
	if a.guard.refuses {
		return nil
	}
	_, err := a.put(ctx, oversize(a.config.Decoding.Context, p.Chat()))
	switch {
	case tooLong(err):
		a.guard.refuses = true
		return nil
	case err != nil:
		return fmt.Errorf("checking that no prompt is cut: %w", err)
	}
	return &runners.ShortenedError{Bytes: size, Tokens: tokens}
}

// oversize is a prompt of certainly more tokens than the context has: single
// letters and digits apart, which no vocabulary joins.
func oversize(context int, chat bool) *ner.Prompt {
	const words = "q 7 x 3 z 9 w 1 "
	text := strings.Repeat(words, context/4+8)
	if chat {
		return &ner.Prompt{Messages: []ner.Message{{Role: "user", Content: text}}, MaxTokens: 1}
	}
	return &ner.Prompt{Text: text, MaxTokens: 1}
}
