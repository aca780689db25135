package answers

import (
	"encoding/json"
	"strconv"

	"nerbench/ner"
)

// GivenForm is the form of predictions that were made elsewhere, the text of [Given]. No
// prompt family has such answers.
const GivenForm = "given"

// givenForm is not in the table of forms: no model writes it, so nothing is repaired.
var givenForm = answerForm{id: GivenForm, offsets: true, spans: true, given: true}

// Given is a prediction for one document that was made elsewhere: spans, or mentions.
// Exactly one of the lists is not nil.
type Given struct {
	Spans []ner.PointSpan
	// Unaligned are mentions without a position in addition to spans. Each is a false
	// positive (docs/spec/metrics.md §7.5).
	Unaligned []ner.Mention
	Mentions  []ner.Mention
}

// givenText is the JSON form of a given prediction.
type givenText struct {
	Spans     []ner.PointSpan `json:"spans"`
	Unaligned []ner.Mention   `json:"unaligned"`
	Mentions  []ner.Mention   `json:"mentions"`
}

// Text writes the prediction as an answer of the form [GivenForm]: {"spans": […]} with
// "unaligned" if there are any, or {"mentions": […]}, as in docs/spec/formats.md §5.2.
func (g *Given) Text() string {
	if g.Spans == nil {
		return string(append(appendMentions([]byte(`{"mentions":`), g.Mentions), '}'))
	}
	b := []byte(`{"spans":[`)
	for i, s := range g.Spans {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"start":`...), int64(s.Start), 10)
		b = strconv.AppendInt(append(b, `,"end":`...), int64(s.End), 10)
		b = append(ner.AppendJSONString(append(b, `,"type":`...), string(s.Type)), '}')
	}
	b = append(b, ']')
	if len(g.Unaligned) > 0 {
		b = appendMentions(append(b, `,"unaligned":`...), g.Unaligned)
	}
	return string(append(b, '}'))
}

func appendMentions(b []byte, mentions []ner.Mention) []byte {
	b = append(b, '[')
	for i, m := range mentions {
		if i > 0 {
			b = append(b, ',')
		}
		b = ner.AppendJSONString(append(b, `{"text":`...), m.Text)
		b = append(ner.AppendJSONString(append(b, `,"type":`...), string(m.Type)), '}')
	}
	return append(b, ']')
}

// readGiven parses the text of a given prediction.
func (r *Parser) readGiven(d *ner.Document, answer string) ner.Prediction {
	var g givenText
	if err := json.Unmarshal([]byte(answer), &g); err != nil || (g.Spans == nil) == (g.Mentions == nil) {
		return ner.Prediction{Outcome: ner.Malformed, Step: "none"}
	}
	return r.Given(d, Given(g), false)
}

// Given returns a given prediction. Its types resolve like those of answers
// (docs/spec/prompts.md §3.4): an unknown one is dropped, or kept as [ner.Unknown]
// (docs/spec/metrics.md §1.3). With anyType, each type is one of the dataset.
func (r *Parser) Given(d *ner.Document, g Given, anyType bool) ner.Prediction {
	p := ner.Prediction{Outcome: ner.Empty, Step: "strict"}
	typed := func(t ner.EntityType, text string) (ner.EntityType, bool) {
		p.Outcome = ner.OK
		if anyType {
			return t, true
		}
		if known, ok := r.Type(t); ok {
			return known, true
		}
		p.Dropped = append(p.Dropped, ner.Dropped{Why: ner.UnknownType, Type: string(t), Text: text})
		return ner.Unknown, r.unknown
	}
	points := ner.NewCodePoints(d.Text)
	for _, s := range g.Spans {
		if t, keep := typed(s.Type, ""); keep {
			p.Spans = append(p.Spans, bytesOf(points, s.Start, s.End, t))
		}
	}
	for _, m := range g.Unaligned {
		if t, keep := typed(m.Type, m.Text); keep {
			p.Unaligned = append(p.Unaligned, ner.Mention{Text: m.Text, Type: t})
		}
	}
	if g.Spans != nil {
		return p
	}
	p.Mentions = []ner.FlaggedMention{}
	for _, m := range g.Mentions {
		if t, keep := typed(m.Type, m.Text); keep {
			p.Mentions = append(p.Mentions, ner.FlaggedMention{Mention: ner.Mention{Text: m.Text, Type: t}})
		}
	}
	return p
}

// Type returns the type of the dataset that a name stands for (docs/spec/prompts.md §3.4).
func (r *Parser) Type(name ner.EntityType) (t ner.EntityType, ok bool) {
	t, _, ok = r.types.resolve(string(name))
	return t, ok
}

// bytesOf returns a span in bytes. Offsets outside the text give a span that begins below
// 0, so that it is never a range of the text. Different offsets give different spans,
// because each of them is a false positive (docs/spec/metrics.md §2).
func bytesOf(points ner.CodePoints, start, end int, t ner.EntityType) ner.Span {
	s, err1 := points.Byte(start)
	e, err2 := points.Byte(end)
	if err1 == nil && err2 == nil && s < e {
		return ner.Span{Start: s, End: e, Type: t}
	}
	below := func(n int) int {
		if n < 0 {
			return 2*n - 1
		}
		return -2*n - 2
	}
	return ner.Span{Start: below(start), End: below(end), Type: t}
}
