package prompts

import (
	"strings"

	"nerbench/ner"
)

// instructuie is the family of InstructUIE (docs/spec/prompts.md §4.5).
var instructuie = Family{
	Name: "instructuie", Meaning: "InstructUIE's instructions: \"type: word; type: word\"",
	Layout: "all", Shape: "completion", MaxTokens: 512, Fewshot: true, DatasetLine: []string{"dataset"},
	Variants: []Variant{
		{Name: "i1", Meaning: "the first of three instructions, used by the sample scripts"},
		{Name: "i2", Meaning: "the second instruction"},
		{Name: "i3", Meaning: "the third instruction"},
	},
	templates: folder("instructuie"),
	style: func(string) style {
		return style{answer: typedPairsAnswer, line: func(_, name string) string { return "Dataset:" + name + "\n" }}
	},
}

// b2ner is the family of B2NER (docs/spec/prompts.md §4.5).
var b2ner = Family{
	Name: "b2ner", Meaning: "B2NER's instructions: \"label: entity; label: entity\"",
	Layout: "all", Shape: "completion", MaxTokens: 1024, Fewshot: true,
	Variants: []Variant{
		{Name: "plain", Meaning: "types as a list of names"},
		{Name: "description", Meaning: "types with their definitions", NoFewshot: true, Needs: []string{"definition"}},
	},
	templates: folder("b2ner"),
	style: func(string) style {
		return style{answer: typedPairsAnswer, group: func(q *question, v *values) { v[slotDescriptions] = b2nerDescriptions(q) }}
	},
}

// b2nerDescriptions returns the types with their definitions.
func b2nerDescriptions(q *question) string {
	said := make([]string, len(q.types))
	for i, t := range q.types {
		said[i] = q.words[i] + ` means "` + strings.ReplaceAll(strings.TrimSuffix(t.Definition, "."), `"`, "'") + `"`
	}
	return strings.Join(said, "; ")
}

// typedPairsAnswer returns every mention after its type.
func typedPairsAnswer(q *question, d *ner.Document) string {
	var pairs []string
	for _, m := range q.mentions(d) {
		pairs = append(pairs, q.words[m.of]+": "+m.text)
	}
	if pairs == nil {
		return "None"
	}
	return strings.Join(pairs, "; ")
}
