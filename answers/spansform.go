package answers

import (
	"encoding/json"
	"slices"

	"nerbench/ner"
)

// readSpans reads the answer of a tagger: {"spans": [{"start", "end", "type"}]}, with
// offsets in code points of the passage, or {"mentions": [{"text", "type"}]}, which are
// searched in it. Any other answer is malformed, because taggers make no errors of form.
func readSpans(r *reply) ner.Prediction {
	answer, d, finish := r.answer, r.document, r.finish
	var a struct {
		Spans *[]struct {
			Start, End int
			Type       ner.EntityType
		}
		Mentions *[]struct {
			Text string
			Type ner.EntityType
		}
	}
	if err := json.Unmarshal([]byte(answer), &a); err != nil || (a.Spans == nil) == (a.Mentions == nil) {
		if finish == ner.FinishLength {
			return ner.Prediction{Outcome: ner.Truncated, Step: "none"}
		}
		if begun(answer) {
			return ner.Prediction{Outcome: ner.Malformed, Step: "none"}
		}
		return ner.Prediction{Outcome: ner.NoStructure, Step: "none"}
	}
	c := r.collector()
	p := ner.Prediction{Outcome: ner.Empty, Step: "strict"}
	if a.Mentions != nil {
		for _, m := range *a.Mentions {
			p.Outcome = ner.OK
			if slices.Contains(r.asked, m.Type) {
				c.keep(m.Text, m.Type)
			} else {
				c.drop(ner.UnknownType, string(m.Type), m.Text)
			}
		}
		p.Mentions, p.Dropped = c.mentions, c.dropped
		return judged(p, c)
	}
	p.Spans = []ner.Span{}
	points := ner.NewCodePoints(d.Text)
	for _, s := range *a.Spans {
		p.Outcome = ner.OK
		start, err1 := points.Byte(s.Start)
		end, err2 := points.Byte(s.End)
		switch {
		case err1 != nil || err2 != nil || start >= end:
			c.drop(ner.BadItem, string(s.Type), "")
			continue
		case !slices.Contains(r.asked, s.Type):
			c.drop(ner.UnknownType, string(s.Type), d.Text[start:end])
			continue
		}
		span := ner.Span{Start: start, End: end, Type: s.Type}
		c.mentions = append(c.mentions, ner.FlaggedMention{Mention: ner.Mention{Text: d.Text[start:end], Type: s.Type}})
		p.Spans = append(p.Spans, span)
	}
	slices.SortFunc(p.Spans, ner.Span.Compare)
	p.Spans = slices.Compact(p.Spans)
	p.Mentions, p.Dropped = c.mentions, c.dropped
	return judged(p, c)
}
