package answers

import "strings"

// eachMatch calls accept with the places where a mention begins in a text, from left to
// right. After a place that is accepted, the search continues behind the mention, else
// at the next place, which may overlap. It takes time linear in the text and the
// mention, also for texts that repeat one character.
func eachMatch(text, mention string, accept func(start int) bool) {
	if mention == "" {
		return
	}
	var borders []int
	for from := 0; ; {
		i := strings.Index(text[from:], mention)
		if i < 0 {
			return
		}
		end := from + i + len(mention)
		if accept(from + i) {
			from = end
			continue
		}
		if borders == nil {
			borders = bordersOf(mention)
		}
		from = overlapping(text, mention, borders, end, accept)
	}
}

// overlapping continues behind a match that ends at a place and was not accepted, as
// long as a part of the text before it can be the beginning of a match. It returns
// where the search goes on. This is the algorithm of Knuth, Morris and Pratt.
func overlapping(text, mention string, borders []int, at int, accept func(start int) bool) int {
	for matched := borders[len(mention)-1]; matched > 0; {
		if at == len(text) {
			return at
		}
		if text[at] != mention[matched] {
			matched = borders[matched-1]
			continue
		}
		at++
		if matched++; matched < len(mention) {
			continue
		}
		if accept(at - len(mention)) {
			return at
		}
		matched = borders[matched-1]
	}
	return at
}

// bordersOf returns, for each beginning of s, the length of its longest proper prefix
// that is also its suffix.
func bordersOf(s string) []int {
	borders := make([]int, len(s))
	for i, n := 1, 0; i < len(s); i++ {
		for n > 0 && s[i] != s[n] {
			n = borders[n-1]
		}
		if s[i] == s[n] {
			n++
		}
		borders[i] = n
	}
	return borders
}
