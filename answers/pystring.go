package answers

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// literal reads a Python string literal at i: in single, double or triple quotes,
// with the prefixes u and r, and Python's escapes.
func (p callParser) literal(i int) (text string, end int, state listState) {
	raw := false
	for i < len(p.s) && strings.IndexByte("uUrR", p.s[i]) >= 0 {
		raw = raw || p.s[i] == 'r' || p.s[i] == 'R'
		i++
	}
	switch {
	case i >= len(p.s):
		return "", i, listUnclosed
	case p.s[i] != '"' && p.s[i] != '\'':
		return "", 0, listBad
	}
	closing := p.s[i : i+1]
	if triple := strings.Repeat(closing, 3); strings.HasPrefix(p.s[i:], triple) {
		closing = triple
	}
	var b []byte
	for i += len(closing); i < len(p.s); {
		switch c := p.s[i]; {
		case strings.HasPrefix(p.s[i:], closing):
			return replaceSurrogates(string(b)), i + len(closing), listRead
		case c == '\\' && i+1 < len(p.s) && raw:
			b = append(b, c, p.s[i+1])
			i += 2
		case c == '\\' && i+1 < len(p.s):
			var n int
			b, n = appendEscape(b, p.s[i+1:])
			i += 1 + n
		default:
			b = append(b, c)
			i++
		}
	}
	return "", i, listUnclosed
}

// appendEscape appends the value of the escape after a backslash; n is its length. An
// escape that is not valid in Python keeps its backslash.
func appendEscape(b []byte, s string) (out []byte, n int) {
	switch s[0] {
	case '\n':
		return b, 1
	case '\\', '\'', '"':
		return append(b, s[0]), 1
	case 'a':
		return append(b, '\a'), 1
	case 'b':
		return append(b, '\b'), 1
	case 'f':
		return append(b, '\f'), 1
	case 'n':
		return append(b, '\n'), 1
	case 'r':
		return append(b, '\r'), 1
	case 't':
		return append(b, '\t'), 1
	case 'v':
		return append(b, '\v'), 1
	}
	digits, base, from := 0, 16, 1
	switch s[0] {
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	}
	if '0' <= s[0] && s[0] <= '7' {
		base, from = 8, 0
		for digits < 3 && digits < len(s) && '0' <= s[digits] && s[digits] <= '7' {
			digits++
		}
	}
	if digits == 0 || len(s) < from+digits {
		return append(b, '\\'), 0
	}
	code, err := strconv.ParseUint(s[from:from+digits], base, 32)
	if err != nil || code > utf8.MaxRune {
		return append(b, '\\'), 0
	}
	return encode(b, rune(code)), from + digits
}
