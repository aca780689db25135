package tagger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"nerbench/ner"
	"nerbench/runners"
)

// question is the prompt of the family "spans", in code points.
type question struct {
	Text   string           `json:"text"`
	Tokens [][2]int         `json:"tokens"`
	Types  []ner.EntityType `json:"types"`
}

// answer is the answer to it, in code points.
type answer struct {
	Spans []answerSpan `json:"spans"`
}

type answerSpan struct {
	Start int            `json:"start"`
	End   int            `json:"end"`
	Type  ner.EntityType `json:"type"`
}

// Complete answers questions of the prompt family "spans" with the spans of the
// types that were asked for. The document of a query stands for its prompt,
// which says the same; a query without one is read from the prompt, and a
// prompt of another family is [runners.ErrFatal].
func (t *Tagger) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	out := make([]ner.Completion, 0, len(queries))
	var tagged *ner.Document // queries of one passage share its spans
	var spans []ner.Span
	for i := range queries {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		start := time.Now()
		d, types := queries[i].Document, queries[i].Types
		if d == nil {
			var err error
			if d, types, err = readQuestion(queries[i].Prompt.Text); err != nil {
				return out, fmt.Errorf("tagger: query %d: %w: %w", i, err, runners.ErrFatal)
			}
		}
		if d != tagged {
			tagged, spans = d, t.Tag(d)
		}
		text, err := writeAnswer(d, spans, types)
		if err != nil {
			return out, fmt.Errorf("tagger: query %d: %w", i, err)
		}
		out = append(out, ner.Completion{Text: text, Finish: ner.FinishStop, Duration: time.Since(start)})
	}
	return out, nil
}

// readQuestion reads a prompt.
func readQuestion(prompt string) (*ner.Document, []ner.EntityType, error) {
	var q question
	if err := json.Unmarshal([]byte(prompt), &q); err != nil {
		return nil, nil, fmt.Errorf("prompt: not of the family spans: %w", err)
	}
	d := &ner.Document{Text: q.Text}
	if q.Tokens != nil {
		d.Tokens = make([]ner.Range, 0, len(q.Tokens))
	}
	points := ner.NewCodePoints(q.Text)
	for i, t := range q.Tokens {
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
	return d, q.Types, nil
}

// writeAnswer writes those spans that were asked for.
func writeAnswer(d *ner.Document, spans []ner.Span, types []ner.EntityType) (string, error) {
	a := answer{Spans: []answerSpan{}}
	points := ner.NewCodePoints(d.Text)
	for _, s := range spans {
		if slices.Contains(types, s.Type) {
			a.Spans = append(a.Spans, answerSpan{points.CodePoint(s.Start), points.CodePoint(s.End), s.Type})
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}
