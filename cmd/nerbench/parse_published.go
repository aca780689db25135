package main

import (
	"fmt"
	"strings"

	"nerbench/answers"
	"nerbench/internal/fault"
	"nerbench/ner"
)

// publishedReaders is the table of the readers that the authors of prompt
// families published, kept bug for bug (docs/spec/metrics.md §3.2, §9). Each returns what
// the family's own metric compares.
var publishedReaders = []publishedReader{
	{"uniner", readPublishedUniNER},
	{"gner", readPublishedGNER},
	{"instructuie", readPublishedItems(answers.InstructUIEItems)},
	{"b2ner", readPublishedItems(answers.B2NERItems)},
	{"json_by_type", func(a rawAnswer, _ []ner.EntityType) ([]ner.Mention, bool, error) {
		found, ok := answers.PublishedReasoningNER(*a.Text)
		return found, ok, nil
	}},
}

// publishedReader reads the answers of one family. readable is false where the
// original fails, or reads nothing of an answer that is not the empty one.
type publishedReader struct {
	family string
	read   func(rawAnswer, []ner.EntityType) (found []ner.Mention, readable bool, err error)
}

// publishedLine is a line of the output of parse --reader published.
type publishedLine struct {
	Outcome  ner.Outcome   `json:"outcome"`
	Mentions []mentionJSON `json:"mentions"`
}

type mentionJSON struct {
	Text string         `json:"text"`
	Type ner.EntityType `json:"type"`
}

// publishedReaderOf finds the reader of a family's authors.
func publishedReaderOf(family string) (publishedReader, error) {
	var known []string
	for _, r := range publishedReaders {
		if r.family == family {
			return r, nil
		}
		known = append(known, r.family)
	}
	return publishedReader{}, fault.Usagef("parse: --family %s: has no published reader (known: %s)", family, strings.Join(known, ", "))
}

// parsePublished reads answers as the authors of their family do.
func (env *environment) parsePublished(reader publishedReader, types []ner.EntityType) error {
	return env.filter("parse", func(line []byte) (any, error) {
		a, err := readRawAnswer(line)
		if err != nil {
			return nil, err
		}
		asked := types
		if a.Types != nil {
			asked = a.Types
		}
		found, readable, err := reader.read(a, asked)
		if err != nil {
			return nil, err
		}
		out := publishedLine{ner.OK, []mentionJSON{}}
		for _, m := range found {
			out.Mentions = append(out.Mentions, mentionJSON(m))
		}
		switch {
		case !readable:
			out.Outcome = ner.Malformed
		case len(found) == 0:
			out.Outcome = ner.Empty
		}
		return out, nil
	})
}

// readPublishedUniNER reads a completion about the one type that is asked for: its
// items are normalised.
func readPublishedUniNER(a rawAnswer, types []ner.EntityType) ([]ner.Mention, bool, error) {
	items, void := answers.Published(*a.Text)
	return ofOneType(items, a, types), !void, nil
}

// readOfficial reads an answer with the official parser alone (docs/spec/metrics.md §3.2):
// nothing is cut off or stripped before.
func readOfficial(a rawAnswer, types []ner.EntityType) ([]ner.Mention, bool, error) {
	items := answers.Official(*a.Text)
	return ofOneType(items, a, types), len(items) > 0 || *a.Text == "[]", nil
}

func ofOneType(items []string, a rawAnswer, types []ner.EntityType) []ner.Mention {
	t := a.Type
	if t == "" && len(types) > 0 {
		t = types[0]
	}
	var found []ner.Mention
	for _, item := range items {
		found = append(found, ner.Mention{Text: strings.ToValidUTF8(item, "\uFFFD"), Type: t})
	}
	return found
}

func readPublishedGNER(a rawAnswer, types []ner.EntityType) ([]ner.Mention, bool, error) {
	if a.Document == nil {
		return nil, false, fmt.Errorf(`answers of this family are aligned with the passage: want "document", too`)
	}
	d, err := newDocument(*a.Document, a.Tokens)
	if err != nil {
		return nil, false, err
	}
	words := answers.Words(d.Text)
	if d.Tokens != nil {
		words = nil
		for _, t := range d.Tokens {
			words = append(words, d.Text[t.Start:t.End])
		}
	}
	return answers.GNEREntities(words, answers.PublishedGNER(*a.Text, words, types)), true, nil
}

func readPublishedItems(itemsOf func(string) []string) func(rawAnswer, []ner.EntityType) ([]ner.Mention, bool, error) {
	return func(a rawAnswer, _ []ner.EntityType) ([]ner.Mention, bool, error) {
		var found []ner.Mention
		for _, item := range itemsOf(*a.Text) {
			t, _, _ := strings.Cut(item, ":")
			found = append(found, ner.Mention{Text: item, Type: ner.EntityType(t)})
		}
		return found, true, nil
	}
}
