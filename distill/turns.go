package distill

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"nerbench/ner"
)

// The texts of a conversation, as in the released data (docs/spec/prompts.md §6.5).
const (
	read   = "I've read this text."
	asking = "What describes %s in the text?"
	system = "A virtual assistant answers questions from a user based on the provided text."
	// systemOfTraining is the system line of the released training code, of the variant
	// paragraph.
	systemOfTraining = "A virtual assistant answers questions from a user based on the provided paragraph."
)

// datasetLines are what stands between the name of a dataset and the text; without a form
// it is that of nl.
var datasetLines = map[string]string{"": "\n", "nl": "\n", "nl_sp": "\n ", "sp_nl": " \n", "sp_nl_sp": " \n "}

// turn is what one side says.
type turn struct {
	human bool
	text  string
}

// System is the system line of the prompts.
func (c *Conversation) System() string {
	if c.paragraph {
		return systemOfTraining
	}
	return system
}

// turns writes a conversation as turns, those of the human first.
func (c *Conversation) turns() []turn {
	first := "Text: " + c.Text
	if c.Dataset != "" {
		first = "Dataset: " + c.Dataset + datasetLines[c.DatasetLine] + first
	}
	turns := []turn{{human: true, text: first}, {text: read}}
	for _, q := range c.Questions {
		turns = append(turns, turn{human: true, text: fmt.Sprintf(asking, q.Type)}, turn{text: asciiList(q.Answers)})
	}
	return turns
}

// asciiList writes a JSON list with ", " between its items and without characters beyond
// ASCII, as the released data has it.
func asciiList(items []string) string {
	var b strings.Builder
	for _, r := range ner.JSONList(items, ", ") {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	return b.String()
}
