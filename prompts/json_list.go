package prompts

import (
	"strings"

	"nerbench/ner"
)

// jsonList is the family whose answer is a list of objects with text and type
// (docs/spec/prompts.md §4.8).
var jsonList = Family{
	Name: "json_list", Meaning: "all types in one query, the answer is a list of objects with text and type",
	Layout: "all", Shape: "chat", MaxTokens: 1024, Fewshot: true, Schema: "objects",
	Variants:  []Variant{{Name: "plain", Meaning: "types as a list of names"}},
	templates: folder("json_list"),
	style:     func(string) style { return style{answer: objectsAnswer} },
}

// objectsAnswer returns every mention, with repeats.
func objectsAnswer(q *question, d *ner.Document) string {
	var objects []string
	for _, m := range q.mentions(d) {
		objects = append(objects, `{"text": `+ner.JSONString(m.text)+`, "type": `+ner.JSONString(q.words[m.of])+`}`)
	}
	return "[" + strings.Join(objects, ", ") + "]"
}
