package llamacpp

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/ardanlabs/jinja"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/local/llamacpp/llama"
)

// chat is the chat template of a model.
type chat struct {
	source   string // as in the file; empty: the model has no template
	bos, eos string // the texts of these tokens

	mu       sync.Mutex // the template is compiled once, and used by one goroutine at a time
	template *jinja.Template
}

func (c *chat) open(lib *llama.Library, model llama.Model, vocabulary llama.Vocab) {
	c.source = lib.ModelChatTemplate(model, 0)
	c.bos = lib.Text(vocabulary, lib.VocabBOS(vocabulary))
	c.eos = lib.Text(vocabulary, lib.VocabEOS(vocabulary))
}

// write applies the template to messages.
func (c *chat) write(messages []ner.Message, think bool) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.source == "" {
		return "", &fault.Hint{
			Err:    errors.New("the model has no chat template"),
			Advice: "use a prompt family of the completion shape: nerbench prompts list",
		}
	}
	if c.template == nil {
		t, err := jinja.Compile(c.source)
		if err != nil {
			return "", fmt.Errorf("chat template: %w", err)
		}
		c.template = t
	}
	turns := make([]any, len(messages))
	for i, m := range messages {
		turns[i] = map[string]any{"role": m.Role, "content": m.Content}
	}
	text, err := c.template.Render(map[string]any{
		"messages": turns, "add_generation_prompt": true, "enable_thinking": think,
		"bos_token": c.bos, "eos_token": c.eos,
	})
	if err != nil {
		return "", fmt.Errorf("chat template: %w", err)
	}
	return text, nil
}

// tokens are the tokens of a prompt, with exactly one BOS if the vocabulary uses it.
func (r *Runner) tokens(p *ner.Prompt) ([]llama.Token, error) {
	text, begin := p.Text, true
	if p.Chat() {
		var err error
		if text, err = r.chat.write(p.Messages, r.config.Decoding.Think); err != nil {
			return nil, err
		}
		begin = r.chat.bos == "" || !strings.HasPrefix(text, r.chat.bos)
	}
	tokens, err := r.library.calls.Tokens(r.vocabulary, strings.ToValidUTF8(text, "\uFFFD"), begin)
	if err == nil && len(tokens) == 0 {
		err = errors.New("the prompt is empty")
	}
	return tokens, err
}
