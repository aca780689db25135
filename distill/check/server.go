package check

import (
	"context"
	"errors"
	"net/http"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/open"
	"nerbench/runners/vllm"
)

// openVLLM lets a vLLM server split texts and apply the template of its model.
func openVLLM(ctx context.Context, name, model string, w Where) (*Model, error) {
	key, err := open.APIKey(w.KeyFile, w.Getenv)
	if err != nil {
		return nil, err
	}
	servers := w.Servers
	if base := w.Getenv("OPENAI_BASE_URL"); len(servers) == 0 && base != "" {
		servers = []string{base}
	}
	r, err := vllm.New(vllm.Config{Servers: servers, Model: model, Key: key, Connections: 1, Observe: func(string) {}})
	if err != nil {
		return nil, err
	}
	id, err := r.Identify(ctx)
	if err != nil {
		r.Close()
		return nil, err
	}
	s := &Model{Name: name, Run: name, Context: id.Context, Close: r.Close}
	s.Tokens = func(ctx context.Context, text string, begin bool) ([]int, error) {
		return r.Tokens(ctx, &ner.Prompt{Text: text}, begin)
	}
	if err := s.findBOS(ctx, r); err != nil {
		r.Close()
		return nil, err
	}
	_, err = r.Tokens(ctx, &ner.Prompt{Messages: []ner.Message{{Role: "user", Content: "a"}}}, false)
	if refusal, refused := errors.AsType[*runners.StatusError](err); refused && refusal.Code == http.StatusBadRequest {
		return s, nil // no chat template
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	s.ChatTokens = func(ctx context.Context, m []ner.Message) ([]int, error) {
		return r.Tokens(ctx, &ner.Prompt{Messages: m}, false)
	}
	s.Prompt = func(ctx context.Context, m []ner.Message) (string, error) {
		tokens, err := s.ChatTokens(ctx, m)
		if err != nil {
			return "", err
		}
		return r.Text(ctx, tokens)
	}
	s.Whole = func(ctx context.Context, m []ner.Message) (string, []ner.Range, error) {
		text, err := s.Prompt(ctx, m)
		return text, nil, err
	}
	s.Most = mostOnServer
	return s, nil
}

// findBOS finds the token that a server adds to a text.
func (s *Model) findBOS(ctx context.Context, r *vllm.Runner) error {
	with, err := s.Tokens(ctx, "a", true)
	if err != nil {
		return err
	}
	without, err := s.Tokens(ctx, "a", false)
	if err != nil || len(with) == len(without) || len(with) == 0 {
		return err
	}
	s.BOS, err = r.Text(ctx, with[:1])
	return err
}

// mostOnServer is the number of conversations that are compared with a server, which
// answers one question at a time.
const mostOnServer = 16

// openOllama lets an Ollama server apply the template of its model. It has no API for its
// tokenizer, but tells its metadata.
func openOllama(ctx context.Context, name, model string, w Where) (*Model, error) {
	config := ollama.Config{Model: model, Connections: 1, Decoding: runners.Decoding{Context: 1}, Host: w.Getenv("OLLAMA_HOST")}
	switch len(w.Servers) {
	case 0:
	case 1:
		config.Host = w.Servers[0]
	default:
		return nil, fault.Usagef("ollama: one server only, not %d", len(w.Servers))
	}
	r, err := ollama.New(config)
	if err != nil {
		return nil, err
	}
	s := &Model{Name: name, Run: name, Most: mostOnServer, Close: r.Close}
	if err := s.describe(ctx, r); err != nil {
		r.Close()
		return nil, err
	}
	return s, nil
}

// describe completes a student from what an Ollama server tells.
func (s *Model) describe(ctx context.Context, r *ollama.Runner) error {
	id, err := r.Identify(ctx)
	if err != nil {
		return err
	}
	t, err := r.Tokenizer(ctx)
	if err != nil {
		return err
	}
	bare, err := r.Bare(ctx)
	if err != nil {
		return err
	}
	s.Context, s.AddsBOS, s.PreTokenizer = id.Context, t.AddsBOS, preTokenizer(t.Model, t.Pre)
	if t.HasBOS {
		s.BOS = "the BOS token" // its text is unknown
	}
	s.Notes = append(s.Notes, "Ollama has no API for its tokenizer: check the GGUF file, too")
	if !bare {
		s.Prompt = r.Rendered
	}
	return nil
}
