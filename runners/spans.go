package runners

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"nerbench/ner"
)

// spansPrompt is the prompt of the family "spans", in code points.
type spansPrompt struct {
	Text   string           `json:"text"`
	Tokens [][2]int         `json:"tokens"`
	Types  []ner.EntityType `json:"types"`
}

// SpansQuestion returns the document and the types of a query of the family "spans".
// If the query has no document, it parses the prompt, which has the same content.
func SpansQuestion(q *ner.Query) (*ner.Document, []ner.EntityType, error) {
	if q.Document != nil {
		return q.Document, q.Types, nil
	}
	var asked spansPrompt
	if err := json.Unmarshal([]byte(q.Prompt.Text), &asked); err != nil {
		return nil, nil, fmt.Errorf("prompt: not of the family spans: %w", err)
	}
	d := &ner.Document{Text: asked.Text}
	if asked.Tokens != nil {
		d.Tokens = make([]ner.Range, 0, len(asked.Tokens))
	}
	points := ner.NewCodePoints(asked.Text)
	for i, t := range asked.Tokens {
		start, err := points.Byte(t[0])
		if err != nil {
			return nil, nil, fmt.Errorf("prompt: token %d: %w", i, err)
		}
		end, err := points.Byte(t[1])
		if err != nil {
			return nil, nil, fmt.Errorf("prompt: token %d: %w", i, err)
		}
		d.Tokens = append(d.Tokens, ner.Range{Start: start, End: end})
	}
	return d, asked.Types, nil
}

// CompleteSpans answers queries of the prompt family "spans" with the spans of tag that
// have a requested type. The queries of one passage share a document, which is tagged
// once. A prompt of another family is an error that wraps [ErrFatal].
func CompleteSpans(ctx context.Context, queries []ner.Query, tag func(context.Context, *ner.Document) ([]ner.Span, error)) ([]ner.Completion, error) {
	out := make([]ner.Completion, 0, len(queries))
	var tagged *ner.Document
	var spans []ner.Span
	for i := range queries {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		start := time.Now()
		d, types, err := SpansQuestion(&queries[i])
		if err != nil {
			return out, fmt.Errorf("query %d: %w: %w", i, err, ErrFatal)
		}
		if d != tagged {
			if spans, err = tag(ctx, d); err != nil {
				return out, fmt.Errorf("query %d: %w", i, err)
			}
			tagged = d
		}
		text := spansAnswer(d, spans, types)
		out = append(out, ner.Completion{Text: text, Finish: ner.FinishStop, Duration: time.Since(start)})
		Answered(ctx, queries[i:i+1], out[i:])
	}
	return out, nil
}

// spansAnswer writes those spans of a document that were asked for.
func spansAnswer(d *ner.Document, spans []ner.Span, types []ner.EntityType) string {
	var wanted []ner.Span
	for _, s := range spans {
		if slices.Contains(types, s.Type) {
			wanted = append(wanted, s)
		}
	}
	return ner.SpansAnswer(d.Text, wanted)
}
