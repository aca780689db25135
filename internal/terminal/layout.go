package terminal

import "strings"

// Width is the longest line of a text for people, in characters.
const Width = 80

// Wrap breaks a text at blanks into lines of at most width characters, as far as
// its words allow.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// Reflow breaks the lines of a text that are too long for help. A line that its author
// had to break within a sentence goes on in the next one; lines that begin with a
// blank stay apart.
func Reflow(text string) string {
	lines := strings.Split(text, "\n")
	var b strings.Builder
	for i := 0; i < len(lines); i++ {
		paragraph := lines[i]
		for i+1 < len(lines) && goesOn(lines[i], lines[i+1]) {
			i++
			paragraph += " " + lines[i]
		}
		b.WriteString(fit(paragraph) + "\n")
	}
	return b.String()
}

// goesOn reports whether a line was broken because the next word did not fit.
func goesOn(line, next string) bool {
	word, _, _ := strings.Cut(next, " ")
	apart := strings.HasPrefix(line, " ") || word == "" || strings.HasSuffix(line, ".")
	return !apart && len([]rune(line))+1+len([]rune(word)) > Width
}

// fit breaks a line that is too long. What follows is indented like the line or, where
// it has columns, like its last column.
func fit(line string) string {
	if len([]rune(line)) <= Width {
		return line
	}
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if at := strings.LastIndex(line, "  "); at >= indent {
		indent = at + 2
	}
	before := strings.Repeat(" ", len([]rune(line[:indent])))
	return line[:indent] + strings.Join(Wrap(line[indent:], Width-len(before)), "\n"+before)
}
