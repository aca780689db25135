package tagger

import (
	"context"
	"fmt"
	"time"

	"nerbench/ner"
	"nerbench/runners"
)

// Complete answers queries of the prompt family "spans" with the spans of the requested
// types. A prompt of another family is an error that wraps [runners.ErrFatal].
func (t *Tagger) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	out := make([]ner.Completion, 0, len(queries))
	var tagged *ner.Document // queries of one passage share its spans
	var spans []ner.Span
	for i := range queries {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		start := time.Now()
		d, types, err := runners.SpansQuestion(&queries[i])
		if err != nil {
			return out, fmt.Errorf("tagger: query %d: %w: %w", i, err, runners.ErrFatal)
		}
		if d != tagged {
			tagged, spans = d, t.Tag(d)
		}
		text, err := runners.SpansAnswer(d, spans, types)
		if err != nil {
			return out, fmt.Errorf("tagger: query %d: %w", i, err)
		}
		out = append(out, ner.Completion{Text: text, Finish: ner.FinishStop, Duration: time.Since(start)})
	}
	return out, nil
}
