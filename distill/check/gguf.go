package check

import (
	"context"
	"path/filepath"

	"nerbench/ner"
	"nerbench/runners/local/chattemplate"
	"nerbench/runners/local/llamacpp"
	"nerbench/runners/open"
)

// openGGUF opens the vocabulary and the chat template of a GGUF file.
func openGGUF(file, library string, getenv func(string) string) (*Model, error) {
	info, err := llamacpp.Inspect(file)
	if err != nil {
		return nil, err
	}
	v, err := open.OpenVocabulary(file, library, getenv)
	if err != nil {
		return nil, err
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	s := &Model{Name: file, Run: "gguf/" + path, Context: info.Context, Close: v.Close}
	s.BOS, s.EOS = v.Ends()
	s.Tokens = func(_ context.Context, text string, begin bool) ([]int, error) { return v.Tokens(text, begin) }
	s.useTemplate(v.ChatTemplate())
	s.PreTokenizer = preTokenizer(info.Tokenizer, info.PreTokenizer)
	return s, nil
}

// preTokenizer is the point about the pre-tokenizer that a file or a server names. Only
// BPE in the manner of GPT-2 needs one.
func preTokenizer(tokenizer, pre string) Point {
	p := Point{Name: "pre-tokenizer", State: OK, Note: pre}
	switch {
	case tokenizer == "":
		return Point{}
	case tokenizer != "gpt2":
		p.Note = "not needed by tokenizer " + tokenizer
	case pre == "" || pre == "default":
		p.State, p.Note = Failed, "unknown to the converter: words are split differently than in training"
	}
	return p
}

// useTemplate lets a student write with a chat template; empty: it has none.
func (s *Model) useTemplate(source string) {
	if source == "" {
		return
	}
	t := chattemplate.New(source)
	release := s.Close
	s.Close = func() {
		t.Close()
		if release != nil {
			release()
		}
	}
	in := func(messages []ner.Message) chattemplate.Input {
		return chattemplate.Input{Messages: messages, BOS: s.BOS, EOS: s.EOS}
	}
	s.Prompt = func(_ context.Context, m []ner.Message) (string, error) { return t.Render(in(m)) }
	s.Whole = func(_ context.Context, m []ner.Message) (string, []ner.Range, error) { return t.RenderTrained(in(m)) }
}
