package answers

import (
	"fmt"
	"slices"
	"strings"
)

// ThinkingMark is a pair of marks around the thinking of a model in its answer.
type ThinkingMark struct {
	Open, Close string
	// Until ends the closing mark, if that has more text; empty: Close is the whole mark.
	Until string
	// Start is set if the opening mark counts only at the start of the answer.
	Start bool
}

// ThinkingMarks is the table of the marks that are known for all models, compared
// without case. A model card can add a pair (docs/models.md).
var ThinkingMarks = []ThinkingMark{
	{Open: "<think>", Close: "</think>"},
	{Open: "<thinking>", Close: "</thinking>"},
	{Open: "<thought>", Close: "</thought>"},
	{Open: "<thoughts>", Close: "</thoughts>"},
	{Open: "<reasoning>", Close: "</reasoning>"},
	{Open: "<seed:think>", Close: "</seed:think>"},
	{Open: "[THINK]", Close: "[/THINK]"},
	{Open: "<|begin_of_thought|>", Close: "<|end_of_thought|>"},
	{Open: "<|START_THINKING|>", Close: "<|END_THINKING|>"},
	{Open: "◁think▷", Close: "◁/think▷"},
	{Open: "<|channel>thought", Close: "<channel|>"},
	// The channels of gpt-oss, with their special tokens and without.
	{Open: "<|channel|>analysis", Close: "<|channel|>final", Until: "<|message|>"},
	{Open: "<|channel|>commentary", Close: "<|channel|>final", Until: "<|message|>"},
	{Open: "analysis", Close: "assistantfinal", Start: true},
}

// knownMarks are [ThinkingMarks] in lower case.
var knownMarks = lowerMarks(ThinkingMarks)

// lowerMarks returns marks in lower case, to be found in a text in lower case.
func lowerMarks(marks []ThinkingMark) []ThinkingMark {
	lower := slices.Clone(marks)
	for i, m := range marks {
		lower[i].Open, lower[i].Close = lowerASCII(m.Open), lowerASCII(m.Close)
	}
	return lower
}

// ParseThinkingMark reads the two marks of a model card. Both must have text.
func ParseThinkingMark(marks []string) (ThinkingMark, error) {
	if len(marks) != 2 || strings.TrimSpace(marks[0]) == "" || strings.TrimSpace(marks[1]) == "" {
		return ThinkingMark{}, fmt.Errorf("thinking marks: want two texts, the mark before the thinking and the mark after it")
	}
	return ThinkingMark{Open: marks[0], Close: marks[1]}, nil
}

// longestUntil is the largest length of the end of a closing mark.
const longestUntil = 80

// cutThinking removes the thinking from an answer: all up to the last closing mark,
// also without an opening one, and all from an opening mark without a closing one. If
// nothing is behind the thinking, the text before it is the answer. keeps reports whether
// a text is no mark, because it is in the passage or the name of a type. marks are in lower
// case.
func cutThinking(s string, marks []ThinkingMark, keeps func(string) bool) string {
	rest := s
	if lower := lowerASCII(s); mayThink(lower, marks) {
		if end, start := lastThinking(lower, s, marks, keeps); end >= 0 {
			if rest = s[end:]; strings.TrimFunc(rest, isSpace) == "" {
				rest = s[:start]
			}
		}
	}
	lower := lowerASCII(rest)
	first := len(rest)
	for _, m := range marks {
		i := strings.Index(lower, m.Open)
		if i >= 0 && i < first && !m.Start && !keeps(rest[i:i+len(m.Open)]) {
			first = i
		}
	}
	return rest[:first]
}

// HasThinking reports whether an answer has a mark of thinking: one of [ThinkingMarks], or
// of own, the marks of a model card.
func HasThinking(s string, own []ThinkingMark) bool {
	lower := lowerASCII(s)
	for _, marks := range [][]ThinkingMark{knownMarks, lowerMarks(own)} {
		for _, m := range marks {
			opens := strings.Index(lower, m.Open)
			closes := strings.Contains(lower, m.Close)
			if m.Start && opens == 0 && closes || !m.Start && (opens >= 0 || closes) {
				return true
			}
		}
	}
	return false
}

// mayThink reports whether a text has a closing mark.
func mayThink(lower string, marks []ThinkingMark) bool {
	for _, m := range marks {
		if strings.Contains(lower, m.Close) {
			return true
		}
	}
	return false
}

// lastThinking returns the end of the last closing mark, and the start of the first
// opening mark; 0 without one. end is -1 without a closing mark.
func lastThinking(lower, s string, marks []ThinkingMark, keeps func(string) bool) (end, start int) {
	end, start = -1, len(s)
	for _, m := range marks {
		opening, closing := m.Open, m.Close
		open := strings.Index(lower, opening)
		if m.Start && !strings.HasPrefix(strings.TrimLeftFunc(lower, isSpace), opening) {
			continue
		}
		if open >= 0 && !keeps(s[open:open+len(opening)]) {
			start = min(start, open)
		}
		i := strings.LastIndex(lower, closing)
		if i < 0 || keeps(s[i:i+len(closing)]) {
			continue
		}
		i += len(closing)
		if m.Until != "" {
			until := strings.Index(lower[i:min(len(lower), i+longestUntil)], m.Until)
			if until < 0 {
				continue
			}
			i += until + len(m.Until)
		}
		end = max(end, i)
	}
	if start > end {
		start = 0
	}
	return end, start
}

// lowerASCII returns a string in lower case, byte for byte as long.
func lowerASCII(s string) string {
	upper := func(c byte) bool { return 'A' <= c && c <= 'Z' }
	for i := range len(s) {
		if !upper(s[i]) {
			continue
		}
		lower := []byte(s)
		for k := i; k < len(lower); k++ {
			if upper(lower[k]) {
				lower[k] += 'a' - 'A'
			}
		}
		return string(lower)
	}
	return s
}
