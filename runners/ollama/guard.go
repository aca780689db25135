package ollama

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"nerbench/ner"
	"nerbench/runners"
)

// guard stores the result of the test of checkWhole.
type guard struct {
	mu      sync.Mutex
	refuses bool // the server refuses prompts that exceed its context
}

// checkWhole returns a [runners.ShortenedError] if the server cut the prompt
// (docs/spec/prompts.md §2.6). Versions without the options truncate and shift ignore
// them and cut prompts. Then the number of tokens is too low: less than one for eight
// bytes. But a low number is not a proof, because a vocabulary may have whole sentences
// of a prompt as one token. So checkWhole sends a prompt that cannot fit: a server that
// refuses it does not cut prompts.
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

// oversize is a prompt that certainly has more tokens than the context: it consists of
// separate letters and digits, which no vocabulary joins.
func oversize(context int, chat bool) *ner.Prompt {
	const words = "q 7 x 3 z 9 w 1 "
	text := strings.Repeat(words, context/4+8)
	if chat {
		return &ner.Prompt{Messages: []ner.Message{{Role: "user", Content: text}}, MaxTokens: 1}
	}
	return &ner.Prompt{Text: text, MaxTokens: 1}
}
