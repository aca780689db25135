package answers

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"nerbench/ner"
)

// unifiedText is the form of tier 4 (docs/spec/metrics.md §7.3): compatibility caseless
// forms with unified signs, without white space and without characters that have no
// width.
type unifiedText struct {
	mappedText
	// outerStart[i] and outerEnd[i] are start[i] and end[i] with the characters
	// without width that directly precede or follow.
	outerStart, outerEnd []int
}

// brackets are the codes of tokenizers for brackets.
var brackets = map[string]string{
	"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}",
}

// bracketCode is the length of the codes.
const bracketCode = len("-LRB-")

// mapUnified returns the form of tier 4. It takes time linear in the text.
func mapUnified(text string) *unifiedText {
	pieces := make([]piece, 0, len(text))
	fold := cases.Fold()
	add := func(form string, start, end int) {
		source := len(pieces)
		for k, r := range form {
			pieces = append(pieces, piece{string(r), start, end, norm.NFD.PropertiesString(form[k:]).CCC(), len(pieces) == source})
		}
	}
	for i := 0; i < len(text); {
		if c := text[i]; plainASCII(c) {
			pieces = append(pieces, piece{foldedASCII(c), i, i + 1, 0, true})
			i++
			continue
		}
		r, n := decode(text[i:])
		start := i
		i += n
		switch {
		case isSpace(r) || withoutWidth(r):
		case r == '-' && len(text)-start >= bracketCode && brackets[text[start:start+bracketCode]] != "":
			i = start + bracketCode
			add(brackets[text[start:i]], start, i)
		case isDash(r):
			i = dashes(text, i)
			add("-", start, i)
		case r == '⋯':
			add("...", start, i)
		case isSingleQuote(r):
			add("'", start, i)
		case isDoubleQuote(r):
			add("''", start, i)
		default:
			add(compatible(fold, text[start:i]), start, i)
		}
	}
	reorder(pieces)
	return unified(text, pieces)
}

// plainASCII reports whether a character is one of ASCII that only its case can change.
func plainASCII(c byte) bool {
	return '!' <= c && c <= '~' && c != '-' && c != '\'' && c != '"' && c != '`'
}

// compatible is the compatibility caseless form of a code point, without blanks.
func compatible(fold cases.Caser, s string) string {
	folded := norm.NFKD.String(fold.String(norm.NFKD.String(s)))
	return strings.Map(func(r rune) rune {
		switch {
		case isSpace(r):
			return -1
		case isDash(r):
			return '-'
		case isSingleQuote(r):
			return '\''
		}
		return r
	}, folded)
}

// dashes returns the end of a run of dashes. A code for a bracket ends it.
func dashes(text string, i int) int {
	for i < len(text) {
		r, n := decode(text[i:])
		code := len(text)-i >= bracketCode && brackets[text[i:i+bracketCode]] != ""
		if !isDash(r) || code {
			break
		}
		i += n
	}
	return i
}

// unified makes the text of pieces.
func unified(text string, pieces []piece) *unifiedText {
	u := &unifiedText{mappedText: sized(len(text)), outerStart: make([]int, 0, len(text)), outerEnd: make([]int, 0, len(text))}
	b := make([]byte, 0, len(text))
	for _, p := range pieces {
		from := len(u.first)
		b = u.add(b, p.text, p.start, p.end)
		u.first[from] = p.first
		outerStart, outerEnd := before(text, p.start), after(text, p.end)
		for range len(p.text) {
			u.outerStart, u.outerEnd = append(u.outerStart, outerStart), append(u.outerEnd, outerEnd)
		}
	}
	u.text = string(b)
	return u
}

// before returns where the characters without width begin that end at a place.
func before(text string, at int) int {
	for at > 0 {
		r, n := utf8.DecodeLastRuneInString(text[:at])
		if !withoutWidth(r) {
			break
		}
		at -= n
	}
	return at
}

// after returns where the characters without width end that begin at a place.
func after(text string, at int) int {
	for at < len(text) {
		r, n := decode(text[at:])
		if !withoutWidth(r) {
			break
		}
		at += n
	}
	return at
}

// occurrences finds a mention in its form from left to right, without overlap, in
// pieces as a whole.
func (u *unifiedText) occurrences(mention string, passes func(start, end int) bool) []ner.Range {
	var places []ner.Range
	eachMatch(u.text, mention, func(first int) bool {
		place, ok := u.place(first, first+len(mention)-1, passes)
		if ok {
			places = append(places, place)
		}
		return ok
	})
	return places
}

// place returns the range of the original of an occurrence from byte first to byte
// last, with or without the characters without width at its edges.
func (u *unifiedText) place(first, last int, passes func(start, end int) bool) (ner.Range, bool) {
	if !u.first[first] || last+1 < len(u.text) && !u.first[last+1] {
		return ner.Range{}, false
	}
	for _, place := range []ner.Range{
		{Start: u.start[first], End: u.end[last]}, {Start: u.outerStart[first], End: u.end[last]},
		{Start: u.start[first], End: u.outerEnd[last]}, {Start: u.outerStart[first], End: u.outerEnd[last]},
	} {
		if passes(place.Start, place.End) {
			return place, true
		}
	}
	return ner.Range{}, false
}

// withoutWidth reports whether a character is invisible: soft hyphens, joiners, marks of
// direction, variation selectors, a byte order mark.
func withoutWidth(r rune) bool {
	return r >= 0x80 && (r == 0xAD || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r))
}

func isDash(r rune) bool {
	return r == '-' || r >= 0x80 && (unicode.Is(unicode.Pd, r) || r == '\u2212' || r == '\u2043')
}

func isSingleQuote(r rune) bool {
	switch r {
	case '\'', '`', '´', '‘', '’', '‚', '‛', '‹', '›', '′', '‵', 'ʹ', 'ʻ', 'ʼ', 'ʽ', 'ˈ', '＇', '｀':
		return true
	}
	return false
}

func isDoubleQuote(r rune) bool {
	switch r {
	case '"', '“', '”', '„', '‟', '«', '»', '″', '‶', '〝', '〞', '〟', '＂':
		return true
	}
	return false
}
