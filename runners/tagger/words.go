package tagger

import (
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

// words returns the ranges of a document's words: its own tokens, but for
// empty ones, or else by the tokenless rule (PROMPTS.md §2.6).
func words(d *ner.Document) []ner.Range {
	if d.Tokens == nil {
		return splitWords(d.Text)
	}
	for i, t := range d.Tokens {
		if t.Start >= t.End {
			out := append([]ner.Range(nil), d.Tokens[:i]...)
			for _, t := range d.Tokens[i:] {
				if t.Start < t.End {
					out = append(out, t)
				}
			}
			return out
		}
	}
	return d.Tokens
}

func splitWords(text string) []ner.Range {
	var out []ner.Range
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case wordRune(c):
			end := wordEnd(text, i)
			out = append(out, ner.Range{Start: i, End: end})
			i = end
		case unicode.IsSpace(c):
			i += size
		default:
			out = append(out, ner.Range{Start: i, End: i + size})
			i += size
		}
	}
	return out
}

// wordEnd returns the end of the word that starts at i: runs of word runes,
// joined by single hyphens.
func wordEnd(text string, i int) int {
	for {
		for i < len(text) {
			c, size := utf8.DecodeRuneInString(text[i:])
			if !wordRune(c) {
				break
			}
			i += size
		}
		if i+1 >= len(text) || text[i] != '-' {
			return i
		}
		if c, _ := utf8.DecodeRuneInString(text[i+1:]); !wordRune(c) {
			return i
		}
		i++
	}
}

func wordRune(c rune) bool {
	return c == '_' || unicode.In(c, unicode.L, unicode.N, unicode.M)
}
