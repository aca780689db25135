package runners

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"nerbench/ner"
)

// spansQuestion is the prompt of the family "spans", in code points.
type spansQuestion struct {
	Text   string           `json:"text"`
	Tokens [][2]int         `json:"tokens"`
	Types  []ner.EntityType `json:"types"`
}

// spansAnswer is the answer to it, in code points.
type spansAnswer struct {
	Spans []answerSpan `json:"spans"`
}

type answerSpan struct {
	Start int            `json:"start"`
	End   int            `json:"end"`
	Type  ner.EntityType `json:"type"`
}

// SpansQuestion returns the document of a query of the family "spans", and the
// types it asks for. The document of a query stands for its prompt, which says the
// same; a query without one is read from the prompt.
func SpansQuestion(q *ner.Query) (*ner.Document, []ner.EntityType, error) {
	if q.Document != nil {
		return q.Document, q.Types, nil
	}
	var asked spansQuestion
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

// SpansAnswer writes those spans of a document that were asked for, as the answer
// of the family "spans".
func SpansAnswer(d *ner.Document, spans []ner.Span, types []ner.EntityType) (string, error) {
	a := spansAnswer{Spans: []answerSpan{}}
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
