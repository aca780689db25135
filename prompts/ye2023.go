package prompts

import (
	"strings"

	"nerbench/ner"
)

// ye2023 is the prompt of Ye et al. 2023 that the paper used with ChatGPT and Vicuna
// (docs/spec/prompts.md §4.4), for any types.
var ye2023 = Family{
	Name: "ye2023", Meaning: "the paper's prompt for ChatGPT and Vicuna: \"type: a, b | type: None\"",
	Layout: "all", Shape: "completion", MaxTokens: 512, Fewshot: true,
	Variants: []Variant{
		{Name: "blank", Meaning: "with empty lines between the parts"},
		{Name: "tight", Meaning: "without empty lines (the original spacing is unknown)"},
	},
	templates: folder("ye2023"),
	style: func(string) style {
		return style{answer: segmentsAnswer, group: func(q *question, v *values) {
			v[slotTypes], v[slotFormat] = oxford(q.words), yeFormat(q.words)
		}}
	},
}

// oxford joins words to "a", "a and b", "a, b, and c".
func oxford(words []string) string {
	last := len(words) - 1
	switch last {
	case 0:
		return words[0]
	case 1:
		return words[0] + " and " + words[1]
	}
	return strings.Join(words[:last], ", ") + ", and " + words[last]
}

// yeFormat returns the example of the answer's form: the last type has one word, the one
// before it two, all others none. A single type has two words.
func yeFormat(words []string) string {
	segments := make([]string, len(words))
	last := len(words) - 1
	for i, w := range words {
		shown := "None"
		switch {
		case last == 0 || i == last-1:
			shown = "Word1, Word2"
		case i == last:
			shown = "Word3"
		}
		segments[i] = w + ": " + shown
	}
	return strings.Join(segments, " | ")
}

// segmentsAnswer returns a segment for each type of the query.
func segmentsAnswer(q *question, d *ner.Document) string {
	mentions := q.mentions(d)
	segments := make([]string, len(q.words))
	for i, w := range q.words {
		said := "None"
		if texts := distinct(mentions, i); len(texts) > 0 {
			said = strings.Join(texts, ", ")
		}
		segments[i] = w + ": " + said
	}
	return strings.Join(segments, " | ")
}
