package answers

import "nerbench/ner"

// mappedText is a form of a text for matching, with the offsets of the original in
// bytes.
type mappedText struct {
	text string
	// start[i] is where the piece of the original that byte i comes from begins,
	// end[i] where it ends; first[i] reports whether byte i is the first of its
	// piece, so that no occurrence begins or ends inside of one.
	start, end []int
	first      []bool
}

// sized makes room for a form of n bytes.
func sized(n int) mappedText {
	return mappedText{start: make([]int, 0, n), end: make([]int, 0, n), first: make([]bool, 0, n)}
}

// add appends the form of a piece [start, end) of the original.
func (m *mappedText) add(b []byte, piece string, start, end int) []byte {
	for i := range len(piece) {
		m.start, m.end, m.first = append(m.start, start), append(m.end, end), append(m.first, i == 0)
	}
	return append(b, piece...)
}

// occurrences finds a mention from left to right, without overlap, in pieces as a
// whole; places are those of the original.
func (m *mappedText) occurrences(mention string, passes func(start, end int) bool) []ner.Range {
	var places []ner.Range
	eachMatch(m.text, mention, func(first int) bool {
		end := first + len(mention)
		whole := m.first[first] && (end == len(m.text) || m.first[end])
		ok := whole && passes(m.start[first], m.end[end-1])
		if ok {
			places = append(places, ner.Range{Start: m.start[first], End: m.end[end-1]})
		}
		return ok
	})
	return places
}

// blanksForm returns the text of [mapBlanks].
func blanksForm(text string) string {
	if !hasSpace(text) {
		return text
	}
	return mapBlanks(text).text
}

// hasSpace reports whether mapBlanks changes a text.
func hasSpace(text string) bool {
	blank := false
	for _, r := range text {
		if isSpace(r) && (r != ' ' || blank) {
			return true
		}
		blank = r == ' '
	}
	return false
}

// mapBlanks replaces every run of white space by one space (docs/spec/metrics.md §7.3,
// tier 2).
func mapBlanks(text string) *mappedText {
	m := sized(len(text))
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, n := decode(text[i:])
		end := i + n
		if !isSpace(r) {
			b = m.add(b, text[i:end], i, end)
			i = end
			continue
		}
		for end < len(text) {
			r, n := decode(text[end:])
			if !isSpace(r) {
				break
			}
			end += n
		}
		b = m.add(b, " ", i, end)
		i = end
	}
	m.text = string(b)
	return &m
}
