package ollama

import (
	"encoding/json"

	"github.com/ollama/ollama/api"

	"nerbench/ner"
	"nerbench/runners"
)

// generateRequest is the request of the completion shape. The type of the client always
// sends three members that raw mode refuses or does not need, even if they are empty.
// The fields here hide them.
type generateRequest struct {
	api.GenerateRequest
	Suffix   *string `json:"suffix,omitempty"`
	System   *string `json:"system,omitempty"`
	Template *string `json:"template,omitempty"`
}

// no is a pointer, because nil members are omitted, and the server's defaults of omitted
// members are true.
var no = new(bool)

// encode returns the address and the body of the request for a prompt.
func (r *Runner) encode(p *ner.Prompt) (address string, body []byte, err error) {
	think := &api.ThinkValue{Value: r.config.Decoding.Think}
	if level := r.config.Decoding.Level; level != "" {
		think.Value = level
	}
	var keep *api.Duration
	if r.config.KeepAlive != nil {
		keep = &api.Duration{Duration: *r.config.KeepAlive}
	}
	if p.Chat() {
		messages := make([]api.Message, len(p.Messages))
		for i, m := range p.Messages {
			messages[i] = api.Message{Role: m.Role, Content: m.Content}
		}
		body, err = json.Marshal(&api.ChatRequest{
			Model: r.config.Model, Messages: messages, Stream: no, Format: p.Schema,
			KeepAlive: keep, Options: r.options(p), Think: think, Truncate: no, Shift: no,
		})
		return r.chat, body, err
	}
	f, err := r.frames.Of(p, func(place string) any {
		return &generateRequest{GenerateRequest: api.GenerateRequest{
			Model: r.config.Model, Prompt: place, Raw: true, Stream: no, Format: p.Schema,
			KeepAlive: keep, Options: r.options(p), Think: think, Truncate: no, Shift: no,
		}}
	})
	if err != nil {
		return r.generate, nil, err
	}
	body = append(make([]byte, 0, len(f.Head)+len(p.Text)+len(p.Text)/8+len(f.Tail)), f.Head...)
	body = runners.AppendJSONString(body, p.Text)
	return r.generate, append(body, f.Tail...), nil
}

// Sent are the sampling parameters of every query, as JSON, without those of the prompt:
// its limit and stop strings.
func (r *Runner) Sent() string {
	options := r.options(&ner.Prompt{})
	delete(options, "num_predict")
	text, _ := json.Marshal(options) // numbers cannot fail
	return string(text)
}

// options are the sampling parameters of docs/spec/prompts.md §2.5. They must be inside
// "options": the server ignores them at the top level, without an error.
func (r *Runner) options(p *ner.Prompt) map[string]any {
	d := r.config.Decoding
	options := map[string]any{
		"temperature":       d.Temperature,
		"top_p":             1,
		"top_k":             0,
		"min_p":             0,
		"repeat_penalty":    1,
		"presence_penalty":  0,
		"frequency_penalty": 0,
		"seed":              d.Seed,
		"num_predict":       p.MaxTokens,
		"num_ctx":           d.Context,
	}
	if len(p.Stop) > 0 {
		options["stop"] = p.Stop
	}
	return options
}
