package tagger

import (
	"context"
	"fmt"

	"nerbench/ner"
	"nerbench/runners"
)

// Complete answers queries of the prompt family "spans" with the spans of the requested
// types. A prompt of another family is an error that wraps [runners.ErrFatal].
func (t *Tagger) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	out, err := runners.CompleteSpans(ctx, queries, func(_ context.Context, d *ner.Document) ([]ner.Span, error) { return t.Tag(d), nil })
	if err != nil {
		err = fmt.Errorf("tagger: %w", err)
	}
	return out, err
}
