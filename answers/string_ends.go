package answers

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// stringEnds finds the ends of strings in a body. The place of an end does not depend on
// the beginning of its string, so all ends of one kind are found in one pass.
type stringEnds struct {
	s        string
	kinds    map[string][]stringEnd
	line     lineEnd
	block    int // the end of the last block comment
	lastOpen int // where this comment begins
	noBlock  bool
}

// stringEnd is a quote that ends a string, or one behind which a comma is missing.
type stringEnd struct {
	at, next int
	missing  bool
}

func newStringEnds(s string) *stringEnds {
	return &stringEnds{s: s, kinds: map[string][]stringEnd{}, block: -1}
}

// after returns the first end from i on. closing are the quotes; behind are the
// characters that may follow.
func (e *stringEnds) after(i int, closing, behind string) (stringEnd, bool) {
	kind := closing + " " + behind
	ends, there := e.kinds[kind]
	if !there {
		ends = e.find(closing, behind)
		e.kinds[kind] = ends
	}
	k := sort.Search(len(ends), func(k int) bool { return ends[k].at >= i })
	if k == len(ends) {
		return stringEnd{}, false
	}
	return ends[k], true
}

func (e *stringEnds) find(closing, behind string) (ends []stringEnd) {
	for i := 0; i < len(e.s); {
		if e.s[i] == '\\' {
			n := 1
			if i+1 < len(e.s) && e.s[i+1] == '\'' {
				n = 2
			} else if _, size := jsonEscape(e.s[i:]); size > 0 {
				n = size
			}
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(e.s[i:])
		if (r < utf8.RuneSelf && r != '"' && r != '\'') || !strings.ContainsRune(closing, r) {
			i += n
			continue
		}
		if end, is := e.endAt(i, i+n, behind); is {
			ends = append(ends, end)
		}
		i += n
	}
	return ends
}

// endAt reports whether the quote at [i, next) ends a string.
func (e *stringEnds) endAt(i, next int, behind string) (stringEnd, bool) {
	end := stringEnd{at: i, next: next}
	k := e.skip(next)
	if k == len(e.s) {
		return end, true
	}
	c, n := mark(e.s, k)
	if c != 0 && strings.IndexByte(behind, c) >= 0 {
		return end, true
	}
	if behind == ":" { // a comma or an end shows that it was no key
		end.missing = c == ',' || c == '}' || c == ']'
		return end, end.missing
	}
	inner, _ := utf8.DecodeRuneInString(e.s[next:])
	switch {
	case i > 0 && (e.s[i-1] == '[' || e.s[i-1] == '{') && isWord(inner), e.begins(k):
		end.missing = true
	case c == ':':
		k = skipSpace(e.s, k+n)
		end.missing = k < len(e.s) && (strings.IndexByte("[{", e.s[k]) >= 0 || opens(e.s, k))
	default:
		k = skipSeparators(e.s, k)
		end.missing = opens(e.s, k)
	}
	return end, end.missing
}

// begins reports whether an array or object of strings, arrays or objects begins at k.
func (e *stringEnds) begins(k int) bool {
	if c, _ := mark(e.s, k); c != '[' && c != '{' && c != '(' {
		return false
	}
	k = skipSpace(e.s, k+1)
	return k < len(e.s) && (opens(e.s, k) || strings.IndexByte("[{", e.s[k]) >= 0)
}

// skipSeparators skips what some answers have between strings in place of a comma.
func skipSeparators(s string, k int) int {
	for {
		k = skipSpace(s, k)
		switch {
		case k < len(s) && strings.IndexByte(";|&/+", s[k]) >= 0:
			k++
		case strings.HasPrefix(s[k:], "；"):
			k += len("；")
		case strings.HasPrefix(s[k:], "and "):
			k += len("and ")
		case strings.HasPrefix(s[k:], "or "):
			k += len("or ")
		default:
			return k
		}
	}
}

// opens reports whether the character at k is a quote that begins a string: a
// character of a word is behind it, or the quote of an empty string.
func opens(s string, k int) bool {
	if k >= len(s) || quotes(s[k:]) == "" {
		return false
	}
	q, n := utf8.DecodeRuneInString(s[k:])
	next, _ := utf8.DecodeRuneInString(s[k+n:])
	return k+n < len(s) && (isWord(next) || next == q)
}

// skip skips white space and comments.
func (e *stringEnds) skip(i int) int {
	for {
		i = skipSpace(e.s, i)
		switch {
		case strings.HasPrefix(e.s[i:], "//"):
			i = e.line.after(e.s, i)
		case strings.HasPrefix(e.s[i:], "/*") && !e.noBlock:
			if i < e.lastOpen || i+2 > e.block-2 {
				end := strings.Index(e.s[i+2:], "*/")
				if end < 0 {
					e.noBlock = true
					return i
				}
				e.lastOpen, e.block = i, i+2+end+2
			}
			i = e.block
		default:
			return i
		}
	}
}
