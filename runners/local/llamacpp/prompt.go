package llamacpp

import (
	"errors"
	"fmt"
	"strings"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/chattemplate"
	"nerbench/runners/local/llamacpp/llama"
)

// chat is the chat template of a model.
type chat struct {
	template *chattemplate.Template // nil: the model has no template
	bos, eos string                 // the texts of these tokens
}

// errNoTemplate is the error of a chat with a model that has no chat template.
var errNoTemplate = &fault.Hint{
	Err:    runners.ErrNoTemplate,
	Advice: "--set as=completion sends the messages as one text; a base model needs demonstrations too: --set shots=3",
}

// Chats returns an error if the model has no chat template, and so cannot read messages.
func (r *Runner) Chats() error {
	if r.chat.template == nil {
		return fmt.Errorf("llamacpp: %s: %w", r.config.File, errNoTemplate)
	}
	return nil
}

func (c *chat) open(lib *llama.Library, model llama.Model, vocabulary llama.Vocab) {
	if source := lib.ModelChatTemplate(model, 0); source != "" {
		c.template = chattemplate.New(source)
	}
	c.bos = lib.Text(vocabulary, lib.VocabBOS(vocabulary))
	c.eos = lib.Text(vocabulary, lib.VocabEOS(vocabulary))
}

func (c *chat) close() {
	if c.template != nil {
		c.template.Close()
	}
}

// write applies the template to messages.
func (c *chat) write(messages []ner.Message, think bool) (string, error) {
	if c.template == nil {
		return "", errNoTemplate
	}
	text, err := c.template.Render(chattemplate.Input{Messages: messages, Think: think, BOS: c.bos, EOS: c.eos})
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
