package answers

import (
	"slices"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// OpenPair is an entity and its type, both in the words of a model that chose the types
// itself (docs/spec/prompts.md §6.3).
type OpenPair struct {
	Entity, Type string
}

// OpenPairs is a list of pairs that was parsed.
type OpenPairs struct {
	Pairs []OpenPair
	// Bad counts the items of the list that are no pairs of two strings, or have no entity.
	Bad int
	// Unclosed is set if the answer ends inside the list. Pairs are then the complete ones.
	Unclosed bool
}

// ReadOpenPairs parses a list of tuples or arrays of two strings, the entity and its
// type. It tries strict JSON and then the loose parser (docs/spec/prompts.md §3.3), in
// each fence and in the whole answer. A list that is closed is taken before one that is
// not, one with pairs before one without, and the last one of equals; but an answer that
// begins with a list, and goes on with a query of its own, has that list as its answer.
// ok is false if there is no such list.
func ReadOpenPairs(c ner.Completion) (list OpenPairs, ok bool) {
	answer := strings.TrimPrefix(strings.ToValidUTF8(c.Text, "\uFFFD"), "\uFEFF")
	never := func(string) bool { return false }
	answer = cutThinking(answer, knownMarks, never)
	answer = firstTurn(withoutTokens(answer, never), never)
	for _, body := range append(fences(answer), answer) {
		if found, there := openPairsOf(body); there && (!ok || better(found, list)) {
			list, ok = found, true
		}
		if ok && !list.Unclosed {
			break
		}
	}
	return list, ok
}

// openPairsOf finds the list in a body.
func openPairsOf(body string) (list OpenPairs, ok bool) {
	p := newValueParser(body)
	end := 0 // of a list at the start of the body
	for i := 0; i < len(body); i++ {
		if !utf8.RuneStart(body[i]) {
			continue
		}
		if c, _ := mark(body, i); c != '[' {
			continue
		}
		v, _, behind, parsed := p.at(i)
		if !parsed {
			if behind = p.damaged(i); behind > i {
				i = behind - 1
			}
			continue
		}
		if found, there := openPairs(v); there {
			if end > 0 && asksAgain(body, end, i) {
				return list, true
			}
			if !ok || better(found, list) {
				list, ok = found, true
			}
			if i == p.first && !found.Unclosed {
				end = behind
			}
		}
		i = behind - 1
	}
	return list, ok
}

// better reports whether a later list is a better answer than an earlier one.
func better(later, earlier OpenPairs) bool {
	if later.Unclosed != earlier.Unclosed {
		return earlier.Unclosed
	}
	return len(later.Pairs) > 0 || len(earlier.Pairs) == 0
}

// openPairs reads a list that is empty, or has at least one pair.
func openPairs(v value) (list OpenPairs, ok bool) {
	if v.kind != isArray {
		return list, false
	}
	list.Unclosed = v.unfinished
	for _, item := range v.items {
		if item.unfinished {
			continue
		}
		pair, isPair := openPair(item)
		ok = ok || isPair
		if isPair && pair.Entity != "" {
			list.Pairs = append(list.Pairs, pair)
		} else {
			list.Bad++
		}
	}
	return list, ok || len(v.items) == 0 && !v.unfinished
}

// openPair reads a tuple or an array of two strings. A number is its source text.
func openPair(v value) (pair OpenPair, ok bool) {
	isText := func(v value) bool { return v.kind == isString || v.kind == isNumber }
	if v.kind != isArray || len(v.items) != 2 || slices.ContainsFunc(v.items, func(i value) bool { return !isText(i) }) {
		return pair, false
	}
	return OpenPair{Entity: strings.TrimFunc(v.items[0].text, isSpace), Type: strings.TrimFunc(v.items[1].text, isSpace)}, true
}
