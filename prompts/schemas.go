package prompts

import (
	"encoding/json"
	"strings"

	"nerbench/ner"
)

// schemaFor returns the schema of a query about some types.
func (f *textForm) schemaFor(group []int) json.RawMessage {
	if f.schema != nil && f.isWhole(group) {
		return f.schema
	}
	words := make([]string, len(group))
	for i, n := range group {
		words[i] = f.words[n]
	}
	return schemaOf(f.r.family.Schema, words)
}

// schemaOf returns the JSON schema of an answer about some types (docs/spec/prompts.md
// §2.7), with members in the order of the answer; nil if there is no schema.
func schemaOf(kind string, words []string) json.RawMessage {
	switch kind {
	case "list":
		return json.RawMessage(listSchema)
	case "object":
		members := make([]string, len(words))
		for i, w := range words {
			members[i] = ner.JSONString(w) + ":" + listSchema
		}
		return json.RawMessage(`{"type":"object","properties":{` + strings.Join(members, ",") + `},"required":` + ner.JSONList(words, ",") + `,"additionalProperties":false}`)
	case "objects":
		return json.RawMessage(`{"type":"array","items":{"type":"object","properties":{"text":{"type":"string"},"type":{"type":"string","enum":` +
			ner.JSONList(words, ",") + `}},"required":["text","type"],"additionalProperties":false}}`)
	}
	return nil
}

// anyJSON is the schema for any JSON. Servers have a mode of their own for it (§2.7).
var anyJSON = json.RawMessage(`"json"`)

const listSchema = `{"type":"array","items":{"type":"string"}}`
