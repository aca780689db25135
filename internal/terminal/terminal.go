// Package terminal makes text from outside safe for a terminal.
package terminal

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable returns a name as it is, or quoted with escapes if it holds characters
// that could disturb a terminal.
func Printable(name string) string {
	quoted := strconv.QuoteToGraphic(name)
	if name != "" && quoted == `"`+name+`"` {
		return name
	}
	return quoted
}

// Line returns a line of text as it is, except that characters that could disturb a
// terminal are escaped. Unlike [Printable], it does not show where the text ends.
func Line(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == utf8.RuneError || r != '\t' && !strconv.IsGraphic(r) {
			quoted := strconv.QuoteToGraphic(string(r))
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
