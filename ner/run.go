package ner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// KnownKey reports whether name is in [Keys].
func KnownKey(name string) bool {
	return slices.ContainsFunc(Keys, func(k Key) bool { return k.Name == name })
}

// Run is one model asked about one split of one dataset in one way.
type Run struct {
	// Keys says everything that can change an answer. Empty values are left out.
	Keys map[string]string
}

// Check reports an unknown key.
func (r Run) Check() error {
	for _, name := range slices.Sorted(maps.Keys(r.Keys)) {
		if !KnownKey(name) {
			return fmt.Errorf("run: %w", UnknownKey(name, KeyNames()))
		}
	}
	return nil
}

// ID is the identity of the run: the first 16 hexadecimal digits of the
// SHA-256 of its keys, written "name=value\n" in order of name.
func (r Run) ID() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(r.Keys)) {
		if v := r.Keys[name]; v != "" {
			fmt.Fprintf(h, "%s=%s\n", name, v)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// AnswerKey identifies a completion by what was asked: model, decoding, and
// the exact bytes of the prompt. Runs that ask the same question share the
// answer.
type AnswerKey [16]byte

// NewAnswerKey is the first 16 bytes of SHA-256 of the model's identity, the
// decoding, and the prompt with its stop strings, limit and schema.
func NewAnswerKey(model, decoding string, p *Prompt) AnswerKey {
	const sep = "\x1f"
	n := len(model) + len(decoding) + p.Size() + len(p.Schema) + 64
	b := make([]byte, 0, n)
	b = append(b, model...)
	b = append(b, sep...)
	b = append(b, decoding...)
	b = append(b, sep...)
	b = fmt.Appendf(b, "%d%s%q%s", p.MaxTokens, sep, p.Stop, sep)
	b = append(b, p.Schema...)
	b = append(b, sep...)
	if p.Chat() {
		b = append(b, '\x1e')
		for _, m := range p.Messages {
			b = append(b, m.Role...)
			b = append(b, sep...)
			b = append(b, m.Content...)
			b = append(b, '\x1e')
		}
	} else {
		b = append(b, p.Text...)
	}
	sum := sha256.Sum256(b)
	return AnswerKey(sum[:16])
}

// Answer is one query's question and what came back.
type Answer struct {
	Types      []EntityType
	Key        AnswerKey
	Completion Completion
}

// Passage is what one run knows about one document: the answers to all its
// queries, in order. It is the unit of a commit.
type Passage struct {
	// Index is the place of the document among those that the run asks, from 0.
	Index    int
	Document string
	Answers  []Answer
}
