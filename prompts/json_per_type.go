package prompts

// jsonPerType is the query of UniversalNER for any chat model (docs/spec/prompts.md
// §4.3). The text is first, so that the queries of all types share a prefix.
var jsonPerType = Family{
	Name: "json_per_type", Meaning: "one query per type, the answer is a list of strings",
	Layout: "per-type", Shape: "chat", MaxTokens: 256, Fewshot: true, Schema: "list",
	Variants: []Variant{
		{Name: "plain", Meaning: "the type's name"},
		{Name: "definition", Meaning: "the name and its definition", Needs: []string{"definition"}},
		{Name: "slimer", Meaning: "SLIMER's template without definition", Shape: "completion", NoFewshot: true},
		{Name: "slimer_dg", Meaning: "SLIMER's template with definition and guidelines", Shape: "completion", NoFewshot: true, Needs: []string{"definition", "guidelines"}},
	},
	templates: folder("json_per_type"),
	style:     func(string) style { return style{answer: listAnswer} },
}
