package answers

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

// Normalise returns the form of a string that the paper's scorer compares
// (docs/spec/metrics.md §3.3): lower case, without ASCII punctuation, articles replaced by
// a space, white space reduced to single spaces.
func Normalise(s string) string {
	var memory [96]byte // most strings are short: what is built here is not allocated
	if out, ok := appendNormalised(memory[:0], s); ok {
		return string(out)
	}
	return normaliseAny(s)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// asciiClass is the lower case of a byte, or one of these.
// asciiWord is the lower case of a letter or digit, 0 of everything else.
var asciiClass, asciiWord = func() (class, word [256]byte) {
	for c := range class {
		switch r := rune(c); {
		case r >= utf8.RuneSelf:
			class[c] = beyond
		case isSpace(r):
			class[c] = blank
		case isPunctuation(r):
			class[c] = deleted
		case 'A' <= r && r <= 'Z':
			class[c] = byte(r) + 'a' - 'A'
			word[c] = class[c]
		default:
			class[c] = byte(r)
			if isWord(r) {
				word[c] = class[c]
			}
		}
	}
	return class, word
}()

const (
	blank   = ' '
	deleted = '!'
	beyond  = '~' // ASCII
)

// appendNormalised appends the normalised form of an ASCII string to nothing, in
// one pass: word by word, because articles are words. ok is false if the string
// is not ASCII.
func appendNormalised(out []byte, s string) (normalised []byte, ok bool) {
	pending := false // a blank is due before the next character
	for i := 0; i < len(s); {
		c := asciiClass[s[i]]
		switch c {
		case beyond:
			return nil, false
		case blank:
			pending = true
			i++
			continue
		case deleted:
			i++
			continue
		}
		before := len(out)
		if pending && before > 0 {
			out = append(out, ' ')
		}
		pending = false
		word := len(out)
		for ; i < len(s); i++ {
			if lower := asciiWord[s[i]]; lower != 0 {
				out = append(out, lower)
			} else if asciiClass[s[i]] != deleted {
				break
			}
		}
		if len(out) == word { // no word: a control character
			out = append(out, c)
			i++
		} else if len(out)-word <= len("the") && isArticle(string(out[word:])) {
			out, pending = out[:before], true
		}
	}
	return out, true
}

// normaliseAny is [Normalise] of any string.
func normaliseAny(s string) string {
	text := lower(runes(s))
	kept := text[:0]
	for _, r := range text {
		if !isPunctuation(r) {
			kept = append(kept, r)
		}
	}
	var out []byte
	pending := false
	for i := 0; i < len(kept); {
		if isSpace(kept[i]) {
			pending = true
			i++
			continue
		}
		end := i + 1
		if isWord(kept[i]) {
			for end < len(kept) && isWord(kept[end]) {
				end++
			}
			if isArticle(string(kept[i:end])) {
				pending = true
				i = end
				continue
			}
		}
		if pending && len(out) > 0 {
			out = append(out, ' ')
		}
		pending = false
		for _, r := range kept[i:end] {
			out = encode(out, r)
		}
		i = end
	}
	return string(out)
}

func isArticle(word string) bool { return word == "a" || word == "an" || word == "the" }

// isPunctuation reports whether a character is one of the 32 of ASCII.
func isPunctuation(r rune) bool {
	return '!' <= r && r <= '/' || ':' <= r && r <= '@' || '[' <= r && r <= '`' || '{' <= r && r <= '~'
}

// isSpace reports whether a code point is white space (docs/spec/metrics.md §3.3).
func isSpace(r rune) bool { return ner.IsSpace(r) }

// isWord: letters and numbers. Combining marks are none, and the underscore was
// deleted before.
func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// Lower returns a string in lower case as in the published parsers (docs/spec/metrics.md
// §3.3, step 1).
func Lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b []byte
	for _, r := range lower(runes(s)) {
		b = encode(b, r)
	}
	return string(b)
}

// lower maps to lower case by code point, with the two exceptions of docs/spec/metrics.md
// §3.3: U+0130 becomes two code points, and a capital sigma at the end of a word
// becomes a final one.
func lower(text []rune) []rune {
	out := make([]rune, 0, len(text)+1)
	for i, r := range text {
		switch r {
		case 0x130:
			out = append(out, 'i', 0x307)
		case 0x3A3:
			if finalSigma(text, i) {
				out = append(out, 0x3C2)
			} else {
				out = append(out, 0x3C3)
			}
		default:
			out = append(out, unicode.ToLower(r))
		}
	}
	return out
}

// finalSigma: a cased code point stands to the left, none to the right, both
// over case-ignorable ones.
func finalSigma(text []rune, at int) bool {
	left := at - 1
	for left >= 0 && caseIgnorable(text[left]) {
		left--
	}
	if left < 0 || !cased(text[left]) {
		return false
	}
	right := at + 1
	for right < len(text) && caseIgnorable(text[right]) {
		right++
	}
	return right == len(text) || !cased(text[right])
}

func caseIgnorable(r rune) bool {
	switch r {
	case 0x27, 0x2E, 0x3A, 0xB7, 0x387, 0x55F, 0x5F4, 0x2018, 0x2019, 0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A:
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}

func cased(r rune) bool {
	return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
}
