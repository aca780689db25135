package runners

import (
	"fmt"
	"slices"
	"strings"
)

// EndOfSequence is the text that many models of the LLaMA family read as the token
// that ends an answer; prompts of several families rely on it (docs/spec/prompts.md §2.4).
const EndOfSequence = "</s>"

// Special is what a tokenizer makes of special tokens (docs/spec/prompts.md §2.4).
type Special struct {
	Added int // tokens that are put before a completion prompt: one BOS, or none
	// Texts are those that should be one token each, [EndOfSequence] first, and Tokens
	// how many each is.
	Texts  []string
	Tokens []int
}

// SpecialOf asks a tokenizer, given as a count of the tokens of a text with or without
// those that it adds to a prompt, for [EndOfSequence] and the other texts.
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

// Split are those of some texts that are not one token; none if that is unknown (nil).
func (s *Special) Split(texts []string) []string {
	if s == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(texts), func(t string) bool {
		i := slices.Index(s.Texts, t)
		return i < 0 || s.Tokens[i] == 1
	})
}

// String is the fact of a run.
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
