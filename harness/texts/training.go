package texts

import (
	"fmt"
	"io"
	"strings"

	"nerbench/distill"
	"nerbench/internal/terminal"
	"nerbench/ner"
)

// WriteTraining prints what was built in a folder.
func WriteTraining(w io.Writer, dir string, b *distill.Build) error {
	s, n := b.Settings, b.Counts
	var text strings.Builder
	fmt.Fprintf(&text, "%s in %s: %d to train, %d for development\n", ner.Count(n.Conversations, "conversation"), terminal.Printable(dir), b.Train.Conversations, b.Dev.Conversations)
	fmt.Fprintf(&text, "passages: %d, of them %d constructed\n", n.Passages+n.PassagesLeft, b.Table1.Passages)
	how := s.Negatives
	if how != "none" {
		how += fmt.Sprintf(", ratio %v, guard %s", s.Ratio, s.Guard)
	}
	fmt.Fprintf(&text, "questions: %d, of them %d negatives (%s); order %s\n", n.Questions, n.Negatives, how, s.Order)
	if s.Negatives != "none" && s.Ratio > 0 && n.Negatives == 0 {
		text.WriteString("  no negatives: each passage has all types of the data, or a list without an end\n")
	}
	fmt.Fprintf(&text, "at most %d tokens (%s): %d passages were split, %d questions and %d passages do not fit\n", s.MaxTokens, terminal.Printable(s.Tokens), n.Split, n.TooLong, n.PassagesLeft)
	if s.Tokens == "words" {
		text.WriteString("  a tokenizer has more tokens than words: --tokens gguf:FILE counts those of the student\n")
	}
	for _, m := range b.Mix {
		fmt.Fprintf(&text, "dataset %s: %d of %s of the train split\n", m.Dataset, m.Asked, ner.Count(m.Documents, "document"))
	}
	if len(b.Seen) > 0 {
		fmt.Fprintf(&text, "a student has seen: %s\n", strings.Join(b.Seen, ", "))
	}
	_, err := io.WriteString(w, text.String())
	return err
}
