package check

import (
	"context"
	"fmt"
	"os"
	"strings"

	"nerbench/distill"
	"nerbench/internal/fault"
)

// Where says how students are reached.
type Where struct {
	Library string              // folder of llama.cpp; empty: the usual places
	Servers []string            // addresses; none: the default one
	KeyFile string              // with the key of a server; empty: OPENAI_API_KEY
	Getenv  func(string) string // as in open.Spec
}

// Folder compares a student (see [Open]) with the set in a folder. It writes the card of a
// student without a difference into a folder of cards.
func Folder(ctx context.Context, dir, name string, w Where, cards string) (*Result, error) {
	set, err := distill.ReadSet(dir)
	if err != nil {
		return nil, err
	}
	s, err := Open(ctx, name, w)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	r, err := Run(ctx, set, s)
	if err != nil || !r.OK {
		return r, err
	}
	r.Card, err = WriteCard(set, s, cards)
	return r, err
}

// Open opens a student: a folder of Hugging Face, a GGUF file, or a model of a server
// (vllm/NAME, ollama/NAME). Close it after use.
func Open(ctx context.Context, name string, w Where) (*Model, error) {
	if rest, ok := strings.CutPrefix(name, "vllm/"); ok && rest != "" {
		return openVLLM(ctx, name, rest, w)
	}
	if rest, ok := strings.CutPrefix(name, "ollama/"); ok && rest != "" {
		return openOllama(ctx, name, rest, w)
	}
	file := strings.TrimPrefix(name, "gguf/")
	stat, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, &fault.Hint{Err: fmt.Errorf("check: student: %w", err), Advice: "name a folder of Hugging Face, a GGUF file, vllm/NAME, or ollama/NAME"}
	case stat.IsDir():
		return openFolder(file)
	}
	return openGGUF(file, w.Library, w.Getenv)
}
