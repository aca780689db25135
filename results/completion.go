package results

import (
	"strings"
	"time"

	"nerbench/ner"
)

// completionRow receives the columns text, thinking, finish, prompt_tokens,
// answer_tokens and duration of one answer. Its fields are *any, since database/sql
// formats and parses numbers for an *int.
type completionRow [6]any

func (r *completionRow) columns() []any {
	return []any{&r[0], &r[1], &r[2], &r[3], &r[4], &r[5]}
}

// completion returns the answer. A missing answer is null in all columns.
func (r *completionRow) completion() (ner.Completion, error) {
	text, ok := r[0].(string)
	if !ok {
		return ner.Completion{}, ErrDamaged
	}
	// The other columns are NOT NULL in a STRICT table: if the row exists, their
	// types are certain.
	return ner.Completion{
		Text:         text,
		Thinking:     r[1].(string),
		Finish:       ner.Finish(r[2].(string)),
		PromptTokens: int(r[3].(int64)),
		AnswerTokens: int(r[4].(int64)),
		Duration:     time.Duration(r[5].(int64)),
	}, nil
}

// valid replaces invalid UTF-8 by U+FFFD, since a store contains text
// (docs/spec/metrics.md §3.1).
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
