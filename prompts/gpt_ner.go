package prompts

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

// gptNER is the family of GPT-NER: the answer is the sentence with the mentions of one
// type marked (docs/spec/prompts.md §4.10).
var gptNER = Family{
	Name: "gpt_ner", Meaning: "one query per type, the answer is the sentence with @@mentions## marked",
	Layout: "per-type", Shape: "completion", Fewshot: true,
	Variants: []Variant{
		{Name: "zero", Meaning: "the authors' wording without examples", NoFewshot: true},
		{Name: "few", Meaning: "the published wording, with demonstrations", NeedsShots: true},
	},
	templates: folder("gpt_ner"),
	style: func(string) style {
		return style{
			text:     func(d *ner.Document) string { return onOneLine(d.Text) },
			document: func(texts []string, v *values) { v[slotOpen], v[slotClose] = ner.Markers(texts...) },
			varies:   func(text string) bool { return strings.Contains(text, "@@") || strings.Contains(text, "##") },
			answer:   markedAnswer,
			limit:    func(_ int, d *ner.Document) int { return max(512, 4*len(d.Words())+64) },
		}
	},
}

// onOneLine replaces each line break and TAB by one space, so that offsets stay valid.
func onOneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		return r
	}, text)
}

// markedAnswer returns the text with markers around the mentions of one type. Nested
// mentions are left out, because this form cannot express them.
func markedAnswer(q *question, d *ner.Document) string {
	open, closing := ner.Markers(append(q.texts, d.Text)...)
	text := onOneLine(d.Text)
	var b strings.Builder
	at := 0
	for _, m := range outermost(q.mentions(d)) {
		b.WriteString(text[at:m.span.Start] + open + text[m.span.Start:m.span.End] + closing)
		at = m.span.End
	}
	return b.String() + text[at:]
}

// capitalised returns a text with its first letter in upper case.
func capitalised(word string) string {
	r, n := utf8.DecodeRuneInString(word)
	if n == 0 {
		return word
	}
	return string(unicode.ToUpper(r)) + word[n:]
}
