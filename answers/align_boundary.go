package answers

import (
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

// newBoundary returns the test for the edges of an occurrence (docs/spec/metrics.md §7.2).
func newBoundary(name string, d *ner.Document) func(start, end int) bool {
	switch name {
	case "token":
		return atTokens(d)
	case "word":
		return func(start, end int) bool { return atWords(d.Text, start, end, false) }
	case "word_strict":
		return func(start, end int) bool { return atWords(d.Text, start, end, true) }
	}
	return func(int, int) bool { return true }
}

func atTokens(d *ner.Document) func(start, end int) bool {
	const starts, ends = 1, 2
	edges := make([]byte, len(d.Text)+1)
	for _, t := range d.Tokens {
		if 0 <= t.Start && t.Start < t.End && t.End <= len(d.Text) {
			edges[t.Start] |= starts
			edges[t.End] |= ends
		}
	}
	return func(start, end int) bool { return edges[start]&starts != 0 && edges[end]&ends != 0 }
}

// atWords reports whether no edge is between two word-like code points or before a
// combining mark.
func atWords(text string, start, end int, strict bool) bool {
	return !splitsWord(text, start, strict) && !splitsWord(text, end, strict)
}

func splitsWord(text string, at int, strict bool) bool {
	right, size := utf8.DecodeRuneInString(text[at:])
	if size > 0 && unicode.IsMark(right) {
		return true
	}
	left, before := utf8.DecodeLastRuneInString(text[:at])
	if size == 0 || before == 0 || !wordLike(left) || !wordLike(right) {
		return false
	}
	return strict || !withoutBlanks(left) && !withoutBlanks(right)
}

func wordLike(r rune) bool { return isWord(r) || r == '_' || unicode.IsMark(r) }

// withoutBlanks are the scripts without spaces between words.
func withoutBlanks(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// isEdge reports whether the second attempt of tier 2 removes a code point at the edges
// of a mention.
func isEdge(r rune) bool { return isSpace(r) || unicode.IsPunct(r) }
