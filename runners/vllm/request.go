package vllm

import (
	"bytes"
	"encoding/json"
	"slices"

	"nerbench/ner"
	"nerbench/runners"
)

// fields are the members of a request.
type fields map[string]any

// common are the sampling parameters of PROMPTS.md §2.5 and what both shapes have.
// Servers that refuse what OpenAI's does not know get the rest only.
func (r *Runner) common(p *ner.Prompt) fields {
	d := r.config.Decoding
	f := fields{
		"model":             r.config.Model,
		"temperature":       d.Temperature,
		"top_p":             1,
		"presence_penalty":  0,
		"frequency_penalty": 0,
		"seed":              d.Seed,
		"max_tokens":        p.MaxTokens,
		"n":                 1,
		"stream":            false,
	}
	if len(p.Stop) > 0 {
		f["stop"] = p.Stop
	}
	if !r.abilities.Standard {
		f["top_k"] = -1
		f["min_p"] = 0
		f["repetition_penalty"] = 1
		f["include_stop_str_in_output"] = false
	}
	return f
}

// Sent are the sampling parameters that are sent with every question, as JSON,
// without those of the prompt: its limit and stop strings.
func (r *Runner) Sent() string {
	f := r.common(&ner.Prompt{})
	for _, name := range []string{"model", "max_tokens", "n", "stream"} {
		delete(f, name)
	}
	text, _ := json.Marshal(f) // numbers cannot fail
	return string(text)
}

// constrain adds a schema in the way that the server obeys.
func (r *Runner) constrain(f fields, schema json.RawMessage) {
	if schema == nil {
		return
	}
	if string(schema) == `"json"` { // any JSON, by no schema
		f["response_format"] = fields{"type": "json_object"}
		return
	}
	switch r.abilities.Schema {
	case guidedJSON:
		f["guided_json"] = schema
	case responseFormat:
		f["response_format"] = formatOf(schema)
	default:
		f["structured_outputs"] = fields{"json": schema}
	}
}

func formatOf(schema json.RawMessage) fields {
	return fields{"type": "json_schema", "json_schema": fields{"name": "ner", "schema": schema}}
}

// encodeChat is the body of a request of the chat shape.
func (r *Runner) encodeChat(p *ner.Prompt) ([]byte, error) {
	f := r.common(p)
	f["messages"] = p.Messages
	if !r.abilities.Standard {
		f["chat_template_kwargs"] = fields{"enable_thinking": r.config.Decoding.Think}
	}
	r.constrain(f, p.Schema)
	return json.Marshal(f)
}

// encodeList is the body of a request of the completion shape, for prompts that
// differ in their text only.
func (r *Runner) encodeList(queries []ner.Query) ([]byte, error) {
	f, err := r.frame(&queries[0].Prompt)
	if err != nil {
		return nil, err
	}
	size := len(f.head) + len(f.tail) + 2
	for i := range queries {
		n := len(queries[i].Prompt.Text)
		size += n + n/8 + 3
	}
	body := append(make([]byte, 0, size), f.head...)
	if !r.abilities.Lists {
		return append(runners.AppendJSONString(body, queries[0].Prompt.Text), f.tail...), nil
	}
	separator := byte('[')
	for i := range queries {
		body = runners.AppendJSONString(append(body, separator), queries[i].Prompt.Text)
		separator = ','
	}
	return append(append(body, ']'), f.tail...), nil
}

// frame is a request of the completion shape around its prompts. All questions of
// a family have one.
type frame struct {
	stop       []string
	maxTokens  int
	schema     string
	head, tail []byte
}

// frame returns the frame of a prompt, which is mostly that of the one before.
func (r *Runner) frame(p *ner.Prompt) (*frame, error) {
	if f := r.last.Load(); f != nil && f.fits(p) {
		return f, nil
	}
	const place = "the prompt stands here"
	members := r.common(p)
	members["prompt"] = place
	members["echo"] = false
	if r.abilities.TokenIDs {
		members["return_token_ids"] = true
	}
	r.constrain(members, p.Schema)
	whole, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	head, tail, _ := bytes.Cut(whole, []byte(`"prompt":"`+place+`"`))
	f := &frame{
		stop: slices.Clone(p.Stop), maxTokens: p.MaxTokens, schema: string(p.Schema),
		head: append(head[:len(head):len(head)], `"prompt":`...), tail: tail,
	}
	r.last.Store(f)
	return f, nil
}

func (f *frame) fits(p *ner.Prompt) bool {
	return f.maxTokens == p.MaxTokens && f.schema == string(p.Schema) && slices.Equal(f.stop, p.Stop)
}

// alike is the number of queries at the start that can travel as one list.
func alike(queries []ner.Query) int {
	first := frame{stop: queries[0].Prompt.Stop, maxTokens: queries[0].Prompt.MaxTokens, schema: string(queries[0].Prompt.Schema)}
	n := 1
	for n < len(queries) && n < longestList && !queries[n].Prompt.Chat() && first.fits(&queries[n].Prompt) {
		n++
	}
	return n
}

// longestList bounds what is lost when a list fails.
const longestList = 256
