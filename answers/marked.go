package answers

import (
	"strings"

	"nerbench/ner"
)

// readMarked reads the sentence with the mentions of one type between markers
// (docs/spec/prompts.md §4.10).
func readMarked(r *reply) ner.Prediction {
	e, c := &echoed{}, r.collector()
	if noneWord(r.answer) {
		return r.conclude(c, "none_word", true)
	}
	body := r.answer
	e.odd = r.fenced
	if i := strings.Index("\n"+body, "\nThe given sentence:"); i >= 0 {
		body, e.odd = body[:max(i-1, 0)], true
	}
	var asked ner.EntityType
	if len(r.asked) > 0 {
		asked = r.asked[0]
	}
	open, closing := ner.Markers(r.document.Text)
	if open == "@@" && !strings.Contains(body, open) && strings.Contains(body, "⟦") {
		open, closing = "⟦", "⟧" // a demonstration had the usual ones
	}
	from := -1 // start of the open element in the echo
	unclosed := func() {
		if from >= 0 {
			e.odd = true
			c.drop(ner.BadItem, "", strings.TrimFunc(e.text.String()[from:], isSpace))
		}
	}
	for {
		i := indexOfEither(body, open, closing)
		if i < 0 {
			break
		}
		e.marked = true
		e.text.WriteString(body[:i])
		switch {
		case strings.HasPrefix(body[i:], open):
			unclosed()
			from = e.text.Len()
			body = body[i+len(open):]
			continue
		case from < 0:
			e.odd = true
		default:
			e.elements = append(e.elements, element{start: from, end: e.text.Len(), typ: asked})
			from = -1
		}
		body = body[i+len(closing):]
	}
	e.text.WriteString(body)
	unclosed()
	shown := strings.Map(func(c rune) rune {
		if c == '\n' || c == '\r' || c == '\t' {
			return ' '
		}
		return c
	}, r.document.Text)
	return r.place(e, c, shown)
}

// indexOfEither returns the first index of one of two strings.
func indexOfEither(s, a, b string) int {
	i, j := strings.Index(s, a), strings.Index(s, b)
	if i < 0 || j >= 0 && j < i {
		return j
	}
	return i
}
