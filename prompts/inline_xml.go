package prompts

import (
	"slices"
	"strings"

	"nerbench/ner"
)

// inlineXML is the family whose answer is the text with tags (docs/spec/prompts.md §4.7).
var inlineXML = Family{
	Name: "inline_xml", Meaning: "the text again, with a tag around each mention",
	Layout: "all", Shape: "chat", Fewshot: true,
	Variants: []Variant{
		{Name: "plain", Meaning: "a list of tags; the answer is only the text"},
		{Name: "evalscope", Meaning: "the template of EvalScope, with <response> around the answer"},
	},
	templates: folder("inline_xml"),
	style:     inlineXMLStyle,
}

func inlineXMLStyle(variant string) style {
	s := style{
		names:  func(words, texts []string) []string { return ner.TagNames(words, texts...) },
		group:  func(q *question, v *values) { v[slotTags] = "<" + strings.Join(q.names, ">, <") + ">" },
		varies: func(text string) bool { return strings.Contains(text, "<") },
		answer: taggedAnswer,
		limit:  func(_ int, d *ner.Document) int { return max(512, 4*len(d.Words())+256) },
	}
	if variant == "evalscope" {
		s.answer = func(q *question, d *ner.Document) string { return "<response>" + taggedAnswer(q, d) + "</response>" }
	}
	return s
}

// taggedAnswer returns the text with tags. Spans that cross another one are left out,
// because this form cannot express them. If spans are equal, the type that is first by
// name is outside.
func taggedAnswer(q *question, d *ner.Document) string {
	mentions := q.mentions(d)
	slices.SortStableFunc(mentions, func(a, b mention) int { // outer ones first
		if a.span.Start != b.span.Start {
			return a.span.Start - b.span.Start
		}
		return b.span.End - a.span.End
	})
	var b strings.Builder
	var open []mention
	at := 0
	until := func(end int) { // closes what ends there
		for len(open) > 0 && open[len(open)-1].span.End <= end {
			m := open[len(open)-1]
			open = open[:len(open)-1]
			b.WriteString(d.Text[at:m.span.End] + "</" + q.names[m.of] + ">")
			at = m.span.End
		}
		b.WriteString(d.Text[at:end])
		at = end
	}
	for _, m := range mentions {
		until(m.span.Start)
		if len(open) > 0 && open[len(open)-1].span.End < m.span.End {
			continue // crosses
		}
		b.WriteString("<" + q.names[m.of] + ">")
		open = append(open, m)
	}
	until(len(d.Text))
	return b.String()
}
