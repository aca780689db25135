package ner

import (
	"encoding/json"
	"time"
)

// Message is one turn of a chat prompt.
type Message struct {
	Role    string `json:"role"` // "system", "user", or "assistant"
	Content string `json:"content"`
}

// Prompt is what is sent for one query, byte for byte, with what the prompt's
// family says about its answer. Exactly one of Text and Messages is set.
type Prompt struct {
	// Text is the exact prompt of the completion shape.
	Text string
	// Messages is the prompt of the chat shape; the model's own template applies.
	Messages []Message
	// Stop ends the answer; empty means that only the model does.
	Stop []string
	// MaxTokens is the longest answer, in tokens.
	MaxTokens int
	// Schema is the JSON schema of constrained decoding (docs/spec/prompts.md §2.7), nil
	// where decoding is free; "json" stands for any JSON. The order of its members
	// is part of the prompt.
	Schema json.RawMessage
}

// Chat reports whether the prompt has the chat shape.
func (p *Prompt) Chat() bool { return p.Messages != nil }

// Size is the number of bytes of text in the prompt.
func (p *Prompt) Size() int {
	n := len(p.Text)
	for _, m := range p.Messages {
		n += len(m.Content)
	}
	return n
}

// Query is one question about one document.
type Query struct {
	Document *Document
	// Types are the types asked for, in the order of the prompt: one for
	// per-type layouts.
	Types  []EntityType
	Prompt Prompt
}

// Finish says why a completion ended.
type Finish string

// The finish reasons. FinishTooLong is ours: the prompt would not fit the
// context, so it was not answered (docs/spec/prompts.md §2.6).
const (
	FinishUnknown Finish = ""
	FinishStop    Finish = "stop"
	FinishLength  Finish = "length"
	FinishTooLong Finish = "too_long"
)

// Completion is the raw answer to one query, byte for byte as the server sent
// it, but for invalid UTF-8, which is replaced by U+FFFD when it is stored.
type Completion struct {
	Text string
	// Thinking is what the server returned apart from the answer.
	Thinking string
	Finish   Finish
	// PromptTokens and AnswerTokens are as the server reports; 0 if it did not.
	PromptTokens int
	AnswerTokens int
	// Duration is the time from sending the query to its whole answer.
	Duration time.Duration
}
