package vllm

import (
	"encoding/json"

	"nerbench/ner"
	"nerbench/runners"
)

// fields are the members of a request.
type fields map[string]any

// common are the sampling parameters of docs/spec/prompts.md §2.5 and the members of both
// shapes.
func (r *Runner) common(p *ner.Prompt) fields {
	d := r.config.Decoding
	f := fields{
		"model":             r.config.Model,
		"temperature":       d.Temperature,
		"top_p":             1,
		"presence_penalty":  0,
		"frequency_penalty": 0,
		"seed":              d.Seed,
		maxTokens:           p.MaxTokens,
		"n":                 1,
		"stream":            false,

		"top_k":                      -1,
		"min_p":                      0,
		"repetition_penalty":         1,
		"include_stop_str_in_output": false,
	}
	if len(p.Stop) > 0 {
		f["stop"] = p.Stop
	}
	return f
}

// Sent are the sampling parameters of every query, as JSON, without those of the prompt:
// its limit and stop strings.
func (r *Runner) Sent() string {
	f := r.common(&ner.Prompt{})
	r.abilities.trim(f)
	for _, name := range []string{"model", maxTokens, completionLimit, "n", "stream"} {
		delete(f, name)
	}
	text, _ := json.Marshal(f) // numbers cannot fail
	return string(text)
}

// constrain adds a schema, or the mode of any JSON, with the member that the server obeys.
func (r *Runner) constrain(f fields, schema json.RawMessage) {
	if schema == nil || r.abilities.Schema == NoSchema {
		return
	}
	anyJSON := string(schema) == runners.AnyJSON
	switch member := r.abilities.Schema; {
	case member == guidedJSON && anyJSON:
		f[guidedJSON] = fields{"type": "object"}
	case member == guidedJSON:
		f[guidedJSON] = schema
	case member == responseFormat && anyJSON:
		f[responseFormat] = fields{"type": "json_object"}
	case member == responseFormat:
		f[responseFormat] = fields{"type": "json_schema", "json_schema": fields{"name": "ner", "schema": schema}}
	case anyJSON:
		f[structuredOutputs] = fields{"json_object": true}
	default:
		f[structuredOutputs] = fields{"json": schema}
	}
}

// encodeChat is the body of a request of the chat shape.
func (r *Runner) encodeChat(p *ner.Prompt) ([]byte, error) {
	f := r.common(p)
	f["messages"] = p.Messages
	r.thinking(f)
	r.constrain(f, p.Schema)
	r.abilities.trim(f)
	return json.Marshal(f)
}

// encodeList is the body of a request of the completion shape, for prompts that
// differ in their text only.
func (r *Runner) encodeList(queries []ner.Query) ([]byte, error) {
	f, err := r.frame(&queries[0].Prompt)
	if err != nil {
		return nil, err
	}
	size := len(f.Head) + len(f.Tail) + 2
	for i := range queries {
		n := len(queries[i].Prompt.Text)
		size += n + n/8 + 3
	}
	body := append(make([]byte, 0, size), f.Head...)
	if !r.abilities.Lists {
		return append(runners.AppendJSONString(body, queries[0].Prompt.Text), f.Tail...), nil
	}
	separator := byte('[')
	for i := range queries {
		body = runners.AppendJSONString(append(body, separator), queries[i].Prompt.Text)
		separator = ','
	}
	return append(append(body, ']'), f.Tail...), nil
}

// frame returns the frame of a prompt, or of several that differ in their text only.
func (r *Runner) frame(p *ner.Prompt) (*runners.Frame, error) {
	return r.frames.Of(p, func(place string) any {
		members := r.common(p)
		members["prompt"] = place
		members["echo"] = false
		if r.abilities.TokenIDs {
			members[returnTokenIDs] = true
		}
		r.constrain(members, p.Schema)
		r.abilities.trim(members)
		return members
	})
}

// alike is the number of queries at the start that can be sent as one list.
func alike(queries []ner.Query) int {
	n := 1
	for n < len(queries) && n < longestList && !queries[n].Prompt.Chat() && runners.Alike(&queries[0].Prompt, &queries[n].Prompt) {
		n++
	}
	return n
}

// longestList limits the loss if a list fails.
const longestList = 256
