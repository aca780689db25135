package loaders

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// readUniNERJSON reads the family uniner-json (docs/spec/formats.md §2): the test
// files of UniversalNER, one JSON array of conversations with four turns. Each
// conversation asks for one type in one text and answers with a list of strings.
// The conversations of a text are consecutive; a new text begins when the text
// changes or a type repeats.
//
// Policy: the files have mentions without positions. The k-th answer with a string
// gets the k-th position of the string on token boundaries. If there are more
// positions than answers, the choice is a guess (ambiguous_mentions). An answer
// without a position is left out (mentions_without_place). The strings of a
// document, which the paper's scorer compares, are exact in all cases.
func readUniNERJSON(r *reading) error {
	u := &uninerTexts{reading: r}
	if err := r.arrays(u.conversation); err != nil {
		return err
	}
	return u.end()
}

type uninerTexts struct {
	*reading
	text  string
	types []string // queried for the text
	spans []labelled
	open  bool
}

const (
	textTurn      = "Text: "
	questionStart = "What describes "
	questionEnd   = " in the text?"
)

// UniNERQuestion returns the text and the type of a conversation of UniversalNER, from its
// first and its third turn.
func UniNERQuestion(first, third string) (text, asked string, err error) {
	text, ok1 := strings.CutPrefix(first, textTurn)
	question, ok2 := strings.CutPrefix(third, questionStart)
	asked, ok3 := strings.CutSuffix(question, questionEnd)
	if !ok1 || !ok2 || !ok3 {
		return "", "", fmt.Errorf("expected the turns %q and %q", textTurn+"…", questionStart+"…"+questionEnd)
	}
	return text, asked, nil
}

func (u *uninerTexts) conversation(dec decoder) error {
	var c struct {
		Conversations []struct {
			Value string `json:"value"`
		} `json:"conversations"`
	}
	if err := dec.value(&c); err != nil {
		return err
	}
	if len(c.Conversations) != 4 {
		return fmt.Errorf("%d turns, expected 4: the text, an answer, the question, the list of mentions", len(c.Conversations))
	}
	text, asked, err := UniNERQuestion(c.Conversations[0].Value, c.Conversations[2].Value)
	if err != nil {
		return err
	}
	var answers []string
	if err := unmarshal([]byte(c.Conversations[3].Value), &answers); err != nil {
		return fmt.Errorf("expected the mentions as a JSON list of strings: %w", err)
	}
	if u.open && (text != u.text || slices.Contains(u.types, asked)) {
		if err := u.end(); err != nil {
			return err
		}
	}
	u.text, u.open = text, true
	u.types = append(u.types, asked)
	return u.place(asked, answers)
}

// place finds positions in the text for the answers to one question.
func (u *uninerTexts) place(asked string, answers []string) error {
	l, err := u.labels.find([]byte(asked))
	if err != nil {
		if l = u.labels.ofType(ner.EntityType(asked)); l == nil {
			return err
		}
	}
	counts := map[string]int{}
	for _, a := range answers {
		if a == "" {
			return errors.New("a mention is an empty string")
		}
		counts[a]++
	}
	for _, a := range answers {
		n := counts[a]
		if n == 0 {
			continue // placed with the first equal answer
		}
		counts[a] = 0
		places := occurrences(u.text, a)
		switch {
		case len(places) < n:
			u.tally.Repairs["mentions_without_place"] += n - len(places)
		case len(places) > n:
			u.tally.Repairs["ambiguous_mentions"] += n
		}
		for _, start := range places[:min(n, len(places))] {
			u.spans = append(u.spans, labelled{start: start, end: start + len(a), label: l})
		}
	}
	return nil
}

// occurrences are the positions of a string on token boundaries in a text of tokens
// joined by one space, from left to right, without overlaps.
func occurrences(text, s string) []int {
	var places []int
	for at := 0; at <= len(text)-len(s); {
		i := strings.Index(text[at:], s)
		if i < 0 {
			break
		}
		start, end := at+i, at+i+len(s)
		if (start == 0 || text[start-1] == ' ') && (end == len(text) || text[end] == ' ') {
			places = append(places, start)
			at = end
			continue
		}
		at = start + 1
	}
	return places
}

// end makes a document of the text, if there is one.
func (u *uninerTexts) end() error {
	if !u.open {
		return nil
	}
	u.open, u.types = false, u.types[:0]
	d := &ner.Document{Text: u.text, Tokens: atBlanks(u.text)}
	spans := u.spans
	u.spans = u.spans[:0]
	return u.emit(d, spans)
}
