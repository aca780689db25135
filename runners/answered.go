package runners

import (
	"context"

	"nerbench/ner"
)

// answeredKey is the key of the function of [WithAnswered].
type answeredKey struct{}

// WithAnswered returns a context for [Runner.Complete]. The runner calls f with the
// completions as soon as it has them, in any order, one call at a time: one for each answer
// of the server, or several that arrive together. The queries are a part of the caller's
// slice, one for each completion. f must not block. Complete returns the same completions at
// its end; with an error, f may get more of them.
func WithAnswered(ctx context.Context, f func([]ner.Query, []ner.Completion)) context.Context {
	return context.WithValue(ctx, answeredKey{}, f)
}

// Answered tells the caller of Complete that queries were answered, if it wants to know.
func Answered(ctx context.Context, queries []ner.Query, completions []ner.Completion) {
	f, ok := ctx.Value(answeredKey{}).(func([]ner.Query, []ner.Completion))
	if ok && len(completions) > 0 {
		f(queries[:len(completions)], completions)
	}
}
