package runners

import (
	"encoding/json"
	"strings"

	"nerbench/ner"
)

// AnyJSON is the schema of any JSON value (docs/spec/prompts.md §2.7).
const AnyJSON = `"json"`

// schemaText is a text that no model writes by itself.
const schemaText = "zq nerbench 7413"

// schemaQuestion has a plain answer that breaks both schemas of a probe.
const schemaQuestion = "Answer with the word yes, and with nothing else."

// The limits of an answer to [SchemaProbe]: a model that thinks does so first.
const (
	schemaTokens         = 48
	schemaTokensThinking = 2048
)

// SchemaProbe is a prompt like an example whose constrained answer is known, so that it
// shows whether a server obeys schemas: servers ignore members of requests that they do
// not know. The schema is any JSON if anyJSON, else one that allows one text.
func SchemaProbe(example *ner.Prompt, anyJSON, think bool) ner.Prompt {
	p := ner.Prompt{Text: schemaQuestion, MaxTokens: schemaTokens, Schema: json.RawMessage(AnyJSON)}
	if example.Chat() {
		p.Text, p.Messages = "", []ner.Message{{Role: "user", Content: schemaQuestion}}
	}
	if think {
		p.MaxTokens = schemaTokensThinking
	}
	if !anyJSON {
		p.Schema = json.RawMessage(`{"type":"string","enum":["` + schemaText + `"]}`)
	}
	return p
}

// ObeysSchema reports whether the answer to a [SchemaProbe] is constrained. The token
// limit may have cut the answer. known is false if there is no text, but thinking that
// reached the limit.
func ObeysSchema(p *ner.Prompt, c *ner.Completion) (obeys, known bool) {
	text := strings.TrimSpace(c.Text)
	if text == "" {
		return false, c.Thinking == ""
	}
	if string(p.Schema) == AnyJSON {
		return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "["), true
	}
	return strings.HasPrefix(`"`+schemaText+`"`, text), true
}
