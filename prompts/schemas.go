package prompts

import (
	"encoding/json"
	"strings"
)

// schemaFor is the schema of a query for some types.
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

// schemaOf is the JSON schema of an answer about some types (PROMPTS.md §2.7), in
// the order in which the model must write; nil where there is none.
func schemaOf(kind string, words []string) json.RawMessage {
	switch kind {
	case "list":
		return json.RawMessage(listSchema)
	case "object":
		members := make([]string, len(words))
		for i, w := range words {
			members[i] = quoted(w) + ":" + listSchema
		}
		return json.RawMessage(`{"type":"object","properties":{` + strings.Join(members, ",") + `},"required":` + quotedList(words, ",") + `,"additionalProperties":false}`)
	case "objects":
		return json.RawMessage(`{"type":"array","items":{"type":"object","properties":{"text":{"type":"string"},"type":{"type":"string","enum":` +
			quotedList(words, ",") + `}},"required":["text","type"],"additionalProperties":false}}`)
	}
	return nil
}

// anyJSON is the schema that stands for any JSON: the mode of servers without a
// schema (§2.7).
var anyJSON = json.RawMessage(`"json"`)

const listSchema = `{"type":"array","items":{"type":"string"}}`

// quoted writes a JSON string. Only what JSON demands is escaped.
func quoted(s string) string { return string(appendQuoted(make([]byte, 0, len(s)+2), s)) }

func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// quotedList writes a JSON array of strings.
func quotedList(list []string, separator string) string {
	items := make([]string, len(list))
	for i, s := range list {
		items[i] = quoted(s)
	}
	return "[" + strings.Join(items, separator) + "]"
}
