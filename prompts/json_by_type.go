package prompts

import (
	"strings"

	"nerbench/ner"
)

// jsonByType is the family whose answer is an object with a list of mentions for each
// type (docs/spec/prompts.md §4.2).
var jsonByType = Family{
	Name: "json_by_type", Meaning: "all types in one query, the answer is an object of lists",
	Layout: "all", Shape: "chat", Fewshot: true, Schema: "object",
	Variants: []Variant{
		{Name: "plain", Meaning: "types as a list of names"},
		{Name: "definition", Meaning: "types with their definitions", Needs: []string{"definition"}},
		{Name: "rner", Meaning: "the prompt of ReasoningNER", MaxTokens: 4096, NoSchema: true},
		{Name: "oneke", Meaning: "the instruction of OneKE and IEPile, six types at a time", Shape: "completion", Chunk: 6, NoFewshot: true},
	},
	templates: folder("json_by_type"),
	style:     jsonByTypeStyle,
}

func jsonByTypeStyle(variant string) style {
	s := style{answer: objectAnswer, limit: func(types int, _ *ner.Document) int { return 512 + 16*types }}
	switch variant {
	case "rner":
		s.limit = nil
		s.answer = wrappedAnswer
		s.sorted = true
		s.word = strings.ToLower
		s.group = func(q *question, v *values) { v[slotTypes] = ner.JSONList(q.words, ", ") }
	case "oneke":
		s.text = func(d *ner.Document) string { return ner.JSONString(d.Text) }
		s.group = func(q *question, v *values) { v[slotTypes] = ner.JSONList(q.words, ", ") }
	}
	return s
}

// objectAnswer returns an object with all types of the query as members.
func objectAnswer(q *question, d *ner.Document) string {
	mentions := q.mentions(d)
	members := make([]string, len(q.words))
	for i, w := range q.words {
		members[i] = ner.JSONString(w) + ": " + ner.JSONList(distinct(mentions, i), ", ")
	}
	return "{" + strings.Join(members, ", ") + "}"
}

// wrappedAnswer returns the answer of ReasoningNER: only types with mentions, indented
// by two spaces.
func wrappedAnswer(q *question, d *ner.Document) string {
	mentions := q.mentions(d)
	var members []string
	for i, w := range q.words {
		if texts := distinct(mentions, i); len(texts) > 0 {
			items := strings.TrimSuffix(strings.TrimPrefix(ner.JSONList(texts, ",\n      "), "["), "]")
			members = append(members, "    "+ner.JSONString(w)+": [\n      "+items+"\n    ]")
		}
	}
	if members == nil {
		return "{\n  \"entities\": {}\n}"
	}
	return "{\n  \"entities\": {\n" + strings.Join(members, ",\n") + "\n  }\n}"
}
