package runners

import (
	"context"

	"nerbench/ner"
)

// answeredKey is the key of the function of [WithAnswered].
type answeredKey struct{}

// WithAnswered returns a context for [Runner.Complete]. The runner calls f with each
// completion as soon as it has it, in any order, one at a time. The query is an element of
// the caller's slice. f must not block. Complete returns the same completions at its end;
// with an error, f may get more of them.
func WithAnswered(ctx context.Context, f func(*ner.Query, *ner.Completion)) context.Context {
	return context.WithValue(ctx, answeredKey{}, f)
}

// Answered tells the caller of Complete that queries were answered, if it wants to know.
func Answered(ctx context.Context, queries []ner.Query, completions []ner.Completion) {
	f, ok := ctx.Value(answeredKey{}).(func(*ner.Query, *ner.Completion))
	if !ok {
		return
	}
	for i := range completions {
		f(&queries[i], &completions[i])
	}
}
