package prompts

import (
	"slices"
	"strings"

	"nerbench/ner"
)

// uniner is the family of the UniversalNER models (docs/spec/prompts.md §4.1): one query
// per type. The passage is first, so that the queries of all types share a prefix.
var uniner = Family{
	Name: "uniner", Meaning: "one query per type, the format of the UniversalNER models",
	Layout: "per-type", Shape: "completion", Stop: []string{"</s>"}, MaxTokens: 256,
	Fewshot: true, Schema: "list", TrainedTokens: 1024,
	DatasetLine: []string{"nl", "nl_sp", "sp_nl", "sp_nl_sp"},
	Variants: []Variant{
		{Name: "repo", Meaning: "the form of the released inference and evaluation code"},
		{Name: "card", Meaning: "the form of the model cards, with line breaks"},
		{Name: "paragraph", Meaning: "the system line of the released training code"},
		{Name: "definition", Meaning: "the type's definition in place of its name", Needs: []string{"definition"}},
		{Name: "allinone", Meaning: "all types in one query (our reconstruction)", Layout: "all", NoSchema: true},
	},
	templates: folder("uniner"),
	style:     uninerStyle,
}

func uninerStyle(variant string) style {
	s := style{line: uninerLine, answer: listAnswer}
	switch variant {
	case "definition":
		s.words = func(types []TypeInfo, _ []string) []string {
			definitions := make([]string, len(types))
			for i, t := range types {
				definitions[i] = t.Definition
			}
			return definitions
		}
	case "allinone":
		s.answer = pairsAnswer
		s.group = func(q *question, v *values) { v[slotType] = enumerated(q.words) }
	}
	return s
}

// uninerLine returns the paper's dataset line in one of its four spellings.
func uninerLine(form, name string) string {
	line := "Dataset: " + name
	for part := range strings.SplitSeq(form, "_") {
		if part == "nl" {
			line += "\n"
		} else {
			line += " "
		}
	}
	return line
}

// enumerated joins words to "a", "a and b", "a, b and c".
func enumerated(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// listAnswer returns a JSON list of the distinct strings of one type.
func listAnswer(q *question, d *ner.Document) string {
	return ner.JSONList(distinct(q.mentions(d), 0), ", ")
}

// pairsAnswer returns a JSON list of pairs of mention and type.
func pairsAnswer(q *question, d *ner.Document) string {
	var pairs []string
	for _, m := range q.mentions(d) {
		pair := ner.JSONList([]string{m.text, q.words[m.of]}, ", ")
		if !slices.Contains(pairs, pair) {
			pairs = append(pairs, pair)
		}
	}
	return "[" + strings.Join(pairs, ", ") + "]"
}
