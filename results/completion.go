package results

import (
	"errors"
	"strings"
	"time"

	"nerbench/ner"
)

// answerColumns are the columns of an answer beside its key.
const answerColumns = "text, thinking, finish, prompt_tokens, answer_tokens, duration, checksum"

// completionRow receives the columns [answerColumns] of one answer. Its fields are *any, since database/sql
// formats and parses numbers for an *int.
type completionRow [7]any

func (r *completionRow) columns() []any {
	return []any{&r[0], &r[1], &r[2], &r[3], &r[4], &r[5], &r[6]}
}

// completion returns the answer with this key, and verifies its checksum. A missing
// answer is null in all columns.
func (r *completionRow) completion(key []byte, f *fields) (ner.Completion, error) {
	if r[0] == nil {
		return ner.Completion{}, errors.New("is missing")
	}
	text, ok0 := r[0].(string) // a damaged row may have other types
	thinking, ok1 := r[1].(string)
	finish, ok2 := r[2].(string)
	prompt, ok3 := r[3].(int64)
	answer, ok4 := r[4].(int64)
	duration, ok5 := r[5].(int64)
	c := ner.Completion{
		Text: text, Thinking: thinking, Finish: ner.Finish(finish),
		PromptTokens: int(prompt), AnswerTokens: int(answer), Duration: time.Duration(duration),
	}
	sum, ok6 := r[6].(int64)
	if !(ok0 && ok1 && ok2 && ok3 && ok4 && ok5 && ok6) || f.answer(key, &c) != sum {
		return c, errChecksum
	}
	return c, nil
}

var errChecksum = errors.New("wrong checksum")

// valid replaces invalid UTF-8 by U+FFFD, since a store contains text
// (docs/spec/metrics.md §3.1).
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
