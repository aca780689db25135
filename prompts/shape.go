package prompts

import (
	"strings"
	"unicode"

	"nerbench/ner"
)

// reshape gives a prompt the shape in which it is sent (docs/spec/prompts.md §1): a text
// becomes one user message, and messages become one text. In it, an empty line follows
// each message, and "Answer:" stands before each answer and at the end.
func reshape(p *ner.Prompt, shape string) {
	switch {
	case p.Chat() == (shape == "chat"):
	case shape == "chat":
		p.Messages, p.Text = []ner.Message{{Role: "user", Content: p.Text}}, ""
	default:
		var b strings.Builder
		for _, m := range p.Messages {
			if m.Role == "assistant" {
				b.WriteString("Answer: ")
			}
			b.WriteString(m.Content + "\n\n")
		}
		p.Messages, p.Text = nil, b.String()+"Answer:"
	}
}

// nextShot returns the stop string that ends an answer where the next demonstration would
// begin: the line break before it, and the first words of its template. It is empty if
// another stop string is there already, or if the template begins with a value.
func (f *textForm) nextShot() []string {
	turn := f.turn
	if turn == nil { // messages
		turn = append(append(template{}, f.head...), f.tail...)
	}
	if len(turn) == 0 {
		return nil
	}
	begin, last := turn[0].literal, turn[len(turn)-1].literal
	words := strings.TrimLeft(begin, "\n")
	first, _, _ := strings.Cut(words, "\n")
	first = strings.TrimRight(first, " ")
	switch {
	case !strings.ContainsFunc(first, unicode.IsLetter):
		return nil
	case f.turn == nil || words != begin || strings.HasSuffix(last, "\n"):
		return []string{"\n" + first}
	}
	for _, stop := range f.r.variant.Stop {
		if strings.Contains(last, stop) {
			return nil
		}
	}
	return []string{first}
}
