package site

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest name that a table shows, in characters.
const maxName = 60

// Visible returns text from outside as it is shown: characters that have no shape of
// their own, or change the direction of others, appear as escapes such as \u202e.
func Visible(s string) string {
	if !strings.ContainsFunc(s, hidden) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// hidden reports whether a character is shown as an escape. Invalid bytes become
// U+FFFD, which is visible.
func hidden(r rune) bool {
	switch r {
	case '\n', '\t':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// short is [Visible] for a name in a table: one line of at most maxName characters.
func short(s string) string {
	s = strings.Join(strings.Fields(Visible(s)), " ")
	n := 0
	for i := range s {
		if n == maxName {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// commas prints a count with groups of thousands: 6,650,827.
func commas[N int | int64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
