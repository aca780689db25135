package exchange

import (
	"fmt"
	"strings"
	"unicode"
)

// quoted writes a text as a double-quoted scalar of YAML, in one line. Characters that
// cannot be printed are escaped, since readers refuse them.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text { // invalid bytes become U+FFFD
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// lines builds a text line by line.
type lines struct{ strings.Builder }

func (l *lines) add(format string, args ...any) {
	fmt.Fprintf(&l.Builder, format+"\n", args...)
}

// addTexts adds the members of a mapping that are not empty; all values are texts.
func (l *lines) addTexts(indent string, members ...[2]string) {
	for _, m := range members {
		if m[1] != "" {
			l.add("%s%s: %s", indent, m[0], quoted(m[1]))
		}
	}
}
