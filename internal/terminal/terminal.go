// Package terminal makes text from outside safe for a terminal: from servers, stores,
// datasets and models. Control characters, those of C1, marks that change the direction
// of writing and other invisible characters are escaped, as in JSON. It also breaks texts
// into lines that fit a terminal.
package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// safe reports whether a character is shown as it is.
func safe(r rune) bool { return strconv.IsGraphic(r) }

// escape appends the escape of a character, or of the byte of b if it is not UTF-8. A
// text in JSON with such escapes means the same.
func escape(out []byte, r rune, b string) []byte {
	switch {
	case r == utf8.RuneError && len(b) == 1:
		return fmt.Appendf(out, `\x%02x`, b[0])
	case r == '\n':
		return append(out, `\n`...)
	case r == '\r':
		return append(out, `\r`...)
	case r == '\t':
		return append(out, `\t`...)
	case r < 0x10000:
		return fmt.Appendf(out, `\u%04x`, r)
	}
	high, low := utf16.EncodeRune(r)
	return fmt.Appendf(out, `\u%04x\u%04x`, high, low)
}

// Printable returns a name as it is, or quoted with escapes if it holds characters
// that could disturb a terminal, a quotation mark or a backslash.
func Printable(name string) string {
	out := []byte{'"'}
	plain := name != ""
	for i, r := range name {
		_, size := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == '"' || r == '\\':
			out, plain = append(out, '\\', byte(r)), false
		case safe(r) && !(r == utf8.RuneError && size == 1):
			out = utf8.AppendRune(out, r)
		default:
			out, plain = escape(out, r, name[i:i+size]), false
		}
	}
	if plain {
		return name
	}
	return string(append(out, '"'))
}

// Line returns a line of text as it is, except that characters that could disturb a
// terminal are escaped, also ends of lines. Unlike [Printable], it does not show where
// the text ends.
func Line(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || r != '\t' && !safe(r) }) < 0 {
		return text
	}
	var out []byte
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		if r == '\t' || safe(r) && !(r == utf8.RuneError && size == 1) {
			out = utf8.AppendRune(out, r)
		} else {
			out = escape(out, r, text[i:i+size])
		}
	}
	return string(out)
}
