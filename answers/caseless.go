package answers

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// caselessForm returns the text of [mapCaseless].
func caselessForm(text string) string {
	if isASCII(text) {
		return strings.ToLower(blanksForm(text))
	}
	return mapCaseless(text).text
}

// mapCaseless returns the form of tier 3 (docs/spec/metrics.md §7.3): the canonical
// caseless form with white space reduced. Each code point is decomposed, fully
// case-folded and decomposed again. Runs of combining marks are put in canonical order.
func mapCaseless(text string) *mappedText {
	blanks := mapBlanks(text)
	if isASCII(text) { // the common case
		blanks.text = strings.ToLower(blanks.text)
		return blanks
	}
	fold := cases.Fold()
	pieces := make([]piece, 0, len(blanks.text))
	for i := 0; i < len(blanks.text); {
		if c := blanks.text[i]; c < utf8.RuneSelf {
			pieces = append(pieces, piece{foldedASCII(c), blanks.start[i], blanks.end[i], 0, true})
			i++
			continue
		}
		_, n := utf8.DecodeRuneInString(blanks.text[i:])
		folded := norm.NFD.String(fold.String(norm.NFD.String(blanks.text[i : i+n])))
		source := len(pieces)
		for k, r := range folded {
			p := norm.NFD.PropertiesString(folded[k:])
			pieces = append(pieces, piece{string(r), blanks.start[i], blanks.end[i+n-1], p.CCC(), len(pieces) == source})
		}
		i += n
	}
	reorder(pieces)
	m := sized(len(blanks.text))
	b := make([]byte, 0, len(blanks.text))
	for _, p := range pieces {
		from := len(m.first)
		b = m.add(b, p.text, p.start, p.end)
		m.first[from] = p.first
	}
	m.text = string(b)
	return &m
}

// asciiFolds holds the folded form of each character of ASCII, in order.
var asciiFolds = func() string {
	var b [utf8.RuneSelf]byte
	for i := range b {
		b[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b[:])
}()

// foldedASCII is the caseless form of a character of ASCII.
func foldedASCII(c byte) string { return asciiFolds[c : c+1] }

// piece is one code point of a caseless form.
type piece struct {
	text       string
	start, end int
	class      uint8 // canonical combining class
	first      bool  // first code point of its source
}

// reorder puts each run of combining marks in canonical order, by class and stable.
func reorder(pieces []piece) {
	for i := 0; i < len(pieces); {
		if pieces[i].class == 0 {
			i++
			continue
		}
		end := i
		for end < len(pieces) && pieces[end].class != 0 {
			end++
		}
		slices.SortStableFunc(pieces[i:end], func(a, b piece) int { return int(a.class) - int(b.class) })
		i = end
	}
}
