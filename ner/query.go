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

// Prompt is the exact text that is sent for one query, with the answer settings of
// the prompt's family. Exactly one of Text and Messages is set.
type Prompt struct {
	// Text is the exact prompt for a completion endpoint.
	Text string
	// Messages is the prompt for a chat endpoint; the model's own template applies.
	Messages []Message
	// Stop holds the strings that end the answer; if empty, only the model ends it.
	Stop []string
	// MaxTokens is the maximum length of the answer, in tokens.
	MaxTokens int
	// Schema is the JSON schema of constrained decoding (docs/spec/prompts.md §2.7); nil
	// if decoding is not constrained, "json" for any JSON. The order of its members is
	// part of the prompt.
	Schema json.RawMessage `json:",omitempty"`
}

// Chat reports whether the prompt consists of chat messages.
func (p *Prompt) Chat() bool { return p.Messages != nil }

// Size is the number of bytes of text in the prompt.
func (p *Prompt) Size() int {
	n := len(p.Text)
	for _, m := range p.Messages {
		n += len(m.Content)
	}
	return n
}

// Query is one prompt about one document.
type Query struct {
	Document *Document
	// Types are the types asked for, in the order of the prompt: one for
	// per-type layouts.
	Types  []EntityType
	Prompt Prompt
}

// Finish is the reason why a completion ended.
type Finish string

// The finish reasons. FinishTooLong is set by this program, not by a server: the
// query was not sent, since it does not fit the context (docs/spec/prompts.md §2.6).
const (
	FinishUnknown  Finish = ""
	FinishStop     Finish = "stop"
	FinishLength   Finish = "length"
	FinishTooLong  Finish = "too_long"
	FinishRefused  Finish = "refused"   // the server or the model refused this query; the text is its reason
	FinishFiltered Finish = "filtered"  // a content filter of the server ended the answer
	FinishToolCall Finish = "tool_call" // the model called a tool; the text is the call, in JSON
)

// Finishes lists the finish reasons.
var Finishes = []Finish{FinishUnknown, FinishStop, FinishLength, FinishTooLong, FinishRefused, FinishFiltered, FinishToolCall}

// Outcome is the outcome of a query whose text is no answer, so that no parser reads it.
// ok is false for all other queries.
func (f Finish) Outcome() (outcome Outcome, ok bool) {
	switch f {
	case FinishTooLong:
		return TooLong, true
	case FinishRefused:
		return Refused, true
	case FinishFiltered:
		return Filtered, true
	case FinishToolCall:
		return ToolCall, true
	}
	return "", false
}

// Completion is the raw answer to one query, byte for byte as the server sent it.
// Only invalid UTF-8 is replaced by U+FFFD when it is stored.
type Completion struct {
	Text string
	// Thinking is the reasoning that the server returned separately from the answer.
	Thinking string
	Finish   Finish
	// PromptTokens and AnswerTokens are reported by the server; 0 if it reports none.
	PromptTokens int
	AnswerTokens int
	// Duration is the time from sending the query to receiving the whole answer.
	Duration time.Duration
}
