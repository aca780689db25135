package nerbench

import (
	"os"
	"strings"
	"testing"

	"nerbench/answers"
)

// TestInputsAnswers parses the examples of docs/inputs.md, "Answers".
func TestInputsAnswers(t *testing.T) {
	d, types := specExample(t)
	text, err := os.ReadFile("docs/inputs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Answers\n")
	section, _, _ = strings.Cut(section, "\n## ")
	n := 0
	for line := range strings.Lines(section) {
		cells := strings.SplitN(strings.TrimSpace(line), " | ", 3)
		form := strings.Trim(cells[min(1, len(cells)-1)], "`")
		if len(cells) < 3 || form == cells[1] {
			continue // not an example
		}
		n++
		q := answers.Question{Form: form, Document: d}
		for _, typ := range types {
			q.AllTypes = append(q.AllTypes, answers.TypeName{Natural: typ.Name, Native: typ.Native})
			if form != "list" || typ.Name == "location" {
				q.Types = append(q.Types, typ.Name)
			}
		}
		answer, expected := cutCode(cells[2])
		t.Run(strings.TrimPrefix(cells[0], "| "), func(t *testing.T) {
			checkSpecAnswer(t, q, "| "+answer+" | stop"+expected)
		})
	}
	if n < 70 {
		t.Errorf("%d answers were parsed, want at least 70", n)
	}
}

// cutCode cuts a code span off the beginning of a cell.
func cutCode(s string) (code, rest string) {
	ticks := s[:len(s)-len(strings.TrimLeft(s, "`"))]
	end := strings.Index(s[len(ticks):], ticks+" | ")
	if end < 0 {
		return s, ""
	}
	end += 2 * len(ticks)
	return s[:end], s[end:]
}
