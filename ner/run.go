package ner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
)

// KnownKey reports whether name is in [Keys].
func KnownKey(name string) bool {
	return slices.ContainsFunc(Keys, func(k Key) bool { return k.Name == name })
}

// KeyValue is the value of a key as users give it. The seed of a model that is trained when
// it is opened is part of the key training.
func KeyValue(keys map[string]string, name string) string {
	if value := keys[name]; value != "" || name != "sampling_seed" {
		return value
	}
	return TrainedSeed(keys)
}

// TrainedSeed is the seed of a model that is trained when it is opened, from the key
// training, such as "perceptron seed=5"; empty: there is none.
func TrainedSeed(keys map[string]string) string {
	for setting := range strings.FieldsSeq(keys["training"]) {
		if seed, ok := strings.CutPrefix(setting, "seed="); ok {
			return seed
		}
	}
	return ""
}

// Run is one model on one split of one dataset, prompted in one way.
type Run struct {
	// Keys describe everything that can change an answer. Empty values are omitted.
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

// ID identifies the run: the first 16 hexadecimal digits of the SHA-256 of its
// keys, written "name=value\n" and sorted by name.
func (r Run) ID() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(r.Keys)) {
		if v := r.Keys[name]; v != "" {
			fmt.Fprintf(h, "%s=%s\n", name, v)
		}
	}
	return ShortHash(h)
}

// AnswerKey identifies a completion by its query: model, decoding, and the exact
// bytes of the prompt. Runs with the same query share the answer.
type AnswerKey [16]byte

// NewAnswerKey returns the first 16 bytes of the SHA-256 of the model's identity, the
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

// Answer is one query, identified by its types and key, with its completion.
type Answer struct {
	Types      []EntityType
	Key        AnswerKey
	Completion Completion
}

// Passage holds one run's answers to all queries about one document, in order. It is
// committed as a whole.
type Passage struct {
	// Index is the position of the document among the documents of the run, from 0.
	Index    int
	Document string
	Answers  []Answer
}

// ShortHash is the first 16 hexadecimal digits of a hash: the form of ids of runs and
// of hashes among their keys.
func ShortHash(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil))[:16] }
