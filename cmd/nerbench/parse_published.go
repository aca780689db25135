package main

import (
	"fmt"
	"strings"

	"nerbench/answers"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/prompts"
)

// publishedReader parses an answer as the authors of its family do. readable is false
// where the original fails, or reads nothing of an answer that is not the empty one.
type publishedReader func(rawAnswer, []ner.EntityType) (found []ner.Mention, readable bool, err error)

// publishedLine is a line of the output of parse --reader published.
type publishedLine struct {
	Outcome  ner.Outcome   `json:"outcome"`
	Mentions []mentionJSON `json:"mentions"`
}

type mentionJSON struct {
	Text string         `json:"text"`
	Type ner.EntityType `json:"type"`
}

// publishedReaderOf finds the parser of a family's authors.
func publishedReaderOf(family string) (publishedReader, error) {
	var known []string
	for _, f := range prompts.Families {
		id := f.Published()
		if id == "" {
			continue
		}
		known = append(known, f.Name)
		if f.Name == family {
			parser, err := answers.FindPublishedParser(id)
			return func(a rawAnswer, types []ner.EntityType) ([]ner.Mention, bool, error) {
				return readPublished(parser, a, types)
			}, err
		}
	}
	return nil, fault.Usagef("parse: --family %s: has no published reader (known: %s)", family, strings.Join(known, ", "))
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
		found, readable, err := reader(a, asked)
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

func readPublished(parser answers.PublishedParser, a rawAnswer, types []ner.EntityType) ([]ner.Mention, bool, error) {
	of := answers.PublishedAnswer{Text: *a.Text, Types: types, Type: a.Type}
	if parser.NeedsWords() {
		if a.Document == nil {
			return nil, false, fmt.Errorf(`answers of this family are aligned with the passage: want "document", too`)
		}
		d, err := newDocument(*a.Document, a.Tokens)
		if err != nil {
			return nil, false, err
		}
		of.Words = wordsOf(d)
	}
	found, readable := parser.Parse(of)
	return found, readable, nil
}

func wordsOf(d *ner.Document) []string {
	if d.Tokens == nil {
		return answers.Words(d.Text)
	}
	var words []string
	for _, t := range d.Tokens {
		words = append(words, d.Text[t.Start:t.End])
	}
	return words
}
