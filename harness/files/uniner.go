package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	"nerbench/loaders"
	"nerbench/ner"
)

// uninerLine is a conversation of the test files of UniversalNER: a text, a reply, a
// question about one type, and a list of mentions. In a file of predictions, the list is
// that of the model, or the model's answer stands beside the conversation.
type uninerLine struct {
	Conversations []struct {
		Value string `json:"value"`
	} `json:"conversations"`
	Prediction *string `json:"prediction"`
	Pred       *string `json:"pred"`
	Output     *string `json:"output"`
	Response   *string `json:"response"`
}

// answer is the answer of the model.
func (l *uninerLine) answer() (string, bool) {
	for _, beside := range []*string{l.Prediction, l.Pred, l.Output, l.Response} {
		if beside != nil {
			return *beside, true
		}
	}
	if len(l.Conversations) == 4 {
		return l.Conversations[3].Value, true
	}
	return "", false
}

var errUniNER = errors.New(`want {"conversations": [the text, a reply, the question, the answer]}, or the answer as "prediction"`)

// question returns the text and the type of a conversation, and the answer.
func (l *uninerLine) question() (text, asked, answer string, err error) {
	answer, answered := l.answer()
	if n := len(l.Conversations); !answered || n < 3 || n > 4 {
		return "", "", "", errUniNER
	}
	text, asked, err = loaders.UniNERQuestion(l.Conversations[0].Value, l.Conversations[2].Value)
	return text, asked, answer, err
}

// readUniNER reads the conversations of each text, which follow each other: a new text
// begins where the text changes or a type repeats (docs/spec/formats.md, uniner-json).
func readUniNER(in io.Reader) iter.Seq2[given, error] {
	return func(yield func(given, error) bool) {
		var g *given
		place := 0
		flush := func() bool {
			if g == nil {
				return true
			}
			g.key = strconv.Itoa(place)
			place++
			return yield(*g, nil)
		}
		for r, err := range readRecords(in, UniNER) {
			if err != nil {
				yield(given{}, err)
				return
			}
			at := given{line: r.line, record: r.number}
			var l uninerLine
			if err := json.Unmarshal(r.text, &l); err != nil {
				yield(given{}, at.at(fmt.Errorf("%w: %w", errUniNER, loaders.PlainJSON(err))))
				return
			}
			text, asked, answer, err := l.question()
			if err != nil {
				yield(given{}, at.at(err))
				return
			}
			t := ner.EntityType(asked)
			if g == nil || *g.says.text != text || slices.ContainsFunc(g.answers, func(a givenAnswer) bool { return a.types[0] == t }) {
				if !flush() {
					return
				}
				at.says.text = &text
				g = &at
			}
			g.answers = append(g.answers, givenAnswer{types: []ner.EntityType{t}, text: answer})
		}
		flush()
	}
}
