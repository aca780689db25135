package prompts

import (
	"fmt"
	"strings"

	"nerbench/ner"
)

// gner is the family of GNER (docs/spec/prompts.md §4.6): every word has a label.
var gner = Family{
	Name: "gner", Meaning: "GNER's prompt: every word with its label, word(B-type)",
	Layout: "all", Shape: "completion", Fewshot: true, DatasetLine: []string{"dataset"},
	Variants: []Variant{
		{Name: "llama", Meaning: "the form of GNER-LLaMA, between [INST] and [/INST]"},
		{Name: "t5", Meaning: "the form of GNER-T5"},
	},
	templates: folder("gner"),
	style: func(string) style {
		return style{
			text:   wordsOf,
			line:   func(_, name string) string { return "Dataset: " + name + ".\n" },
			answer: labelledAnswer,
			limit:  func(_ int, d *ner.Document) int { return max(640, 8*len(d.Words())+64) },
			refuse: func(word string) *Refusal {
				if !strings.ContainsAny(word, "()") {
					return nil
				}
				return &Refusal{"type_has_parenthesis", fmt.Sprintf("family gner: type %q has a parenthesis, which ends a label", word)}
			},
		}
	},
}

// wordsOf returns the words of a document, joined by spaces.
func wordsOf(d *ner.Document) string {
	b := make([]byte, 0, len(d.Text)+len(d.Text)/4)
	for i, w := range d.Words() {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, d.Text[w.Start:w.End]...)
	}
	return string(b)
}

// labelledAnswer labels every word of the document. If spans share words, it has only
// the first one; the longer one if they begin together.
func labelledAnswer(q *question, d *ner.Document) string {
	words := d.Words()
	labels := make([]string, len(words))
	for _, m := range outermost(q.mentions(d)) {
		mark := "B-"
		for i, w := range words {
			if w.Start < m.span.End && m.span.Start < w.End && labels[i] == "" {
				labels[i] = mark + q.words[m.of]
				mark = "I-"
			}
		}
	}
	var b []byte
	for i, w := range words {
		if i > 0 {
			b = append(b, ' ')
		}
		label := labels[i]
		if label == "" {
			label = "O"
		}
		b = append(b, d.Text[w.Start:w.End]...)
		b = append(append(append(b, '('), label...), ')')
	}
	return string(b)
}

// outermost removes mentions that overlap an earlier one or are inside another one.
func outermost(mentions []mention) []mention {
	var out []mention
	for _, m := range mentions {
		last := len(out) - 1
		switch {
		case last < 0 || m.span.Start >= out[last].span.End:
			out = append(out, m)
		case m.span.Start == out[last].span.Start && m.span.End > out[last].span.End:
			out[last] = m
		}
	}
	return out
}
