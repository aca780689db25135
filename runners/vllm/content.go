package vllm

import (
	"bytes"
	"encoding/json"
	"strings"
)

// content is the content of a message: a string, or a list of parts. Thinking and
// refusals may be parts, too.
type content struct{ text, thinking, refusal string }

// UnmarshalJSON parses either form. Parts of other kinds, such as images, are dropped.
func (c *content) UnmarshalJSON(b []byte) error {
	*c = content{}
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] == '"' {
		return json.Unmarshal(b, &c.text)
	}
	if b[0] != '[' {
		return nil // null, or a form that is unknown
	}
	var parts []part
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	var text, thinking, refusal strings.Builder
	for _, p := range parts {
		switch p.Type {
		case "thinking", "reasoning":
			thinking.WriteString(p.Text.text + p.Thinking.text + p.Reasoning.text)
		case "refusal":
			refusal.WriteString(p.Refusal)
		default: // text, output_text, or no type
			text.WriteString(p.Text.text)
		}
	}
	c.text, c.thinking, c.refusal = text.String(), thinking.String(), refusal.String()
	return nil
}

// part is a part of a content. Its thinking may be a list of parts again.
type part struct {
	Type      string  `json:"type"`
	Text      content `json:"text"`
	Thinking  content `json:"thinking"`
	Reasoning content `json:"reasoning"`
	Refusal   string  `json:"refusal"`
}
