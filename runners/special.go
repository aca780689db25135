package runners

import (
	"fmt"
	"slices"
	"strings"
)

// EndOfSequence is the text that many models of the LLaMA family read as the token
// that ends an answer. Prompts of several families depend on it (docs/spec/prompts.md §2.4).
const EndOfSequence = "</s>"

// Special is how a tokenizer splits special tokens (docs/spec/prompts.md §2.4).
type Special struct {
	Added int // tokens that the tokenizer adds before a completion prompt: one BOS, or none
	// Texts should be one token each; [EndOfSequence] is the first. Tokens are the
	// numbers of tokens that they have.
	Texts  []string
	Tokens []int
}

// SpecialOf counts the tokens of [EndOfSequence] and the other texts. count returns the
// number of tokens of a text, with or without those that the tokenizer adds to a prompt.
func SpecialOf(texts []string, count func(text string, added bool) (int, error)) (*Special, error) {
	const text = "The text"
	with, err := count(text, true)
	if err != nil {
		return nil, err
	}
	without, err := count(text, false)
	if err != nil {
		return nil, err
	}
	s := &Special{Added: with - without}
	for _, t := range append([]string{EndOfSequence}, texts...) {
		if slices.Contains(s.Texts, t) {
			continue
		}
		n, err := count(t, false)
		if err != nil {
			return nil, err
		}
		s.Texts, s.Tokens = append(s.Texts, t), append(s.Tokens, n)
	}
	return s, nil
}

// Split returns the texts that are not one token each; none if that is unknown (nil).
func (s *Special) Split(texts []string) []string {
	if s == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(texts), func(t string) bool {
		i := slices.Index(s.Texts, t)
		return i < 0 || s.Tokens[i] == 1
	})
}

// String returns the text for the metadata of a run.
func (s *Special) String() string {
	if s == nil {
		return "unchecked"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "tokens added to a prompt: %d", s.Added)
	for i, t := range s.Texts {
		fmt.Fprintf(&b, ", tokens of %s: %d", t, s.Tokens[i])
	}
	return b.String()
}
