package answers

import "unicode/utf8"

// JSON can spell lone surrogates ("\ud800"). The official parser keeps them as
// code points of their own, and two different ones differ (docs/spec/metrics.md §3.5).
// UTF-8 has no form for them; strings of this package's official parser hold
// them in the three bytes that UTF-8 would give them.

// decode reads the first code point, a lone surrogate too.
func decode(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) >= 3 && s[0] == 0xED && s[1]&0xE0 == 0xA0 && s[2]&0xC0 == 0x80 {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return r, size
}

// encode appends a code point, a lone surrogate too.
func encode(b []byte, r rune) []byte {
	if isSurrogate(r) {
		return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
	}
	return utf8.AppendRune(b, r)
}

func isSurrogate(r rune) bool { return 0xD800 <= r && r <= 0xDFFF }

// runes decodes a whole string.
func runes(s string) []rune {
	out := make([]rune, 0, len(s))
	for len(s) > 0 {
		r, n := decode(s)
		out, s = append(out, r), s[n:]
	}
	return out
}
