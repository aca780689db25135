package prompts

import (
	"slices"
	"strconv"

	"nerbench/ner"
)

// spans is the family for taggers in the process: one line of JSON with text, tokens
// and types. The answer has offsets in code points. See docs/decisions/0004.
var spans = Family{
	Name: "spans", Meaning: "text, tokens and types as one line of JSON, for taggers that answer with offsets",
	Layout: "all", Shape: "completion",
	Variants: []Variant{{Name: "json", Meaning: `{"text", "tokens", "types"}`}},
	newForm:  func(*Renderer) (form, error) { return spansForm{}, nil },
}

// spansTemplate shows the form of a query.
const spansTemplate = `{"text":…,"tokens":[[start,end],…],"types":[…]}`

type spansForm struct{}

func (spansForm) queries(r *Renderer, d *ner.Document, asked []int) ([]ner.Query, error) {
	points := ner.NewCodePoints(d.Text)
	b := append(make([]byte, 0, len(d.Text)+16*len(d.Tokens)+256), `{"text":`...)
	b = append(b, ner.JSONString(d.Text)...)
	if d.Tokens != nil {
		b = append(b, `,"tokens":[`...)
		for i, t := range d.Tokens {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(append(b, '['), int64(points.CodePoint(t.Start)), 10)
			b = strconv.AppendInt(append(b, ','), int64(points.CodePoint(t.End)), 10)
			b = append(b, ']')
		}
		b = append(b, ']')
	}
	b = append(b, `,"types":[`...)
	types := make([]ner.EntityType, len(asked))
	for i, n := range asked {
		if i > 0 {
			b = append(b, ',')
		}
		types[i] = r.dataset.Types[n].Name
		b = append(b, ner.JSONString(r.words[n])...)
	}
	b = append(b, `]}`...)
	return []ner.Query{{Document: d, Types: types, Prompt: r.prompt(string(b))}}, nil
}

func (spansForm) answer(r *Renderer, d *ner.Document, asked []int) string {
	var wanted []ner.Span
	for _, s := range d.Spans {
		if slices.ContainsFunc(asked, func(n int) bool { return r.dataset.Types[n].Name == s.Type }) {
			wanted = append(wanted, s)
		}
	}
	return ner.SpansAnswer(d.Text, wanted)
}
