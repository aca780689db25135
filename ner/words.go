package ner

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// Words returns the words of the document (docs/spec/prompts.md §2.6): its own tokens
// except empty ones or, without tokens, the words of its text by [Words]. The caller
// must not change them.
func (d *Document) Words() []Range {
	if d.Tokens == nil {
		return Words(d.Text)
	}
	empty := func(t Range) bool { return t.Start >= t.End }
	if !slices.ContainsFunc(d.Tokens, empty) {
		return d.Tokens
	}
	return slices.DeleteFunc(slices.Clone(d.Tokens), empty)
}

// Words finds the words of a text by the rule for texts without tokens
// (docs/spec/prompts.md §2.6). A word is a sequence of letters, numbers, marks and
// underscores; sequences joined by single hyphens are one word; every other character
// except white space is one word. Ranges are in bytes, ascending.
func Words(text string) []Range {
	words := make([]Range, 0, len(text)/5+1)
	for w := nextWord(text, 0); w.End > 0; w = nextWord(text, w.End) {
		words = append(words, w)
	}
	return words
}

// CountWords is the number of [Words].
func CountWords(text string) int {
	n := 0
	for w := nextWord(text, 0); w.End > 0; w = nextWord(text, w.End) {
		n++
	}
	return n
}

// nextWord is the first word at i or later; empty: there is none.
func nextWord(text string, i int) Range {
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case IsSpace(r):
			i += n
		case wordRune(r):
			return Range{i, wordEnd(text, i)}
		default:
			return Range{i, i + n}
		}
	}
	return Range{}
}

// wordEnd is the end of the word that begins at i.
func wordEnd(text string, i int) int {
	for {
		for i < len(text) {
			r, n := utf8.DecodeRuneInString(text[i:])
			if !wordRune(r) {
				break
			}
			i += n
		}
		if i+1 >= len(text) || text[i] != '-' {
			return i
		}
		if r, _ := utf8.DecodeRuneInString(text[i+1:]); !wordRune(r) {
			return i
		}
		i++
	}
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// IsSpace reports whether a character is white space by docs/spec/metrics.md §3.3. This
// differs from package unicode: U+001C to U+001F are white space here.
func IsSpace(r rune) bool {
	switch {
	case r < 0x80:
		return 0x09 <= r && r <= 0x0D || 0x1C <= r && r <= 0x20
	case r == 0x85 || r == 0xA0 || r == 0x1680 || r == 0x2028 || r == 0x2029 || r == 0x202F || r == 0x205F || r == 0x3000:
		return true
	}
	return 0x2000 <= r && r <= 0x200A
}
