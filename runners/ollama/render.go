package ollama

import (
	"context"
	"fmt"
	"net/http"

	"github.com/ollama/ollama/api"

	"nerbench/ner"
)

// Rendered is the text that the model's template writes for messages, without the tokens
// that the server adds. Nothing is generated.
func (r *Runner) Rendered(ctx context.Context, messages []ner.Message) (string, error) {
	q := api.ChatRequest{Model: r.config.Model, Stream: no, Truncate: no, DebugRenderOnly: true}
	for _, m := range messages {
		q.Messages = append(q.Messages, api.Message{Role: m.Role, Content: m.Content})
	}
	var answer api.ChatResponse
	if err := r.call(ctx, http.MethodPost, "api/chat", &q, &answer); err != nil {
		return "", fmt.Errorf("ollama: model %s: %w", r.config.Model, err)
	}
	if answer.DebugInfo == nil {
		return "", fmt.Errorf("ollama: model %s: the server does not return the rendered prompt", r.config.Model)
	}
	return answer.DebugInfo.RenderedTemplate, nil
}

// Tokenizer is what the server tells of the tokenizer of a model.
type Tokenizer struct {
	Model, Pre string // tokenizer.ggml.model and .pre
	HasBOS     bool   // there is a token that begins a text
	AddsBOS    *bool  // it is added to prompts; nil: not told
}

// Tokenizer returns the metadata of the tokenizer.
func (r *Runner) Tokenizer(ctx context.Context) (t Tokenizer, err error) {
	show, err := r.show(ctx)
	if err != nil {
		return t, err
	}
	t.Model, _ = show.ModelInfo["tokenizer.ggml.model"].(string)
	t.Pre, _ = show.ModelInfo["tokenizer.ggml.pre"].(string)
	_, t.HasBOS = show.ModelInfo["tokenizer.ggml.bos_token_id"]
	if adds, told := show.ModelInfo["tokenizer.ggml.add_bos_token"].(bool); told {
		t.AddsBOS = &adds
	}
	return t, nil
}
