package files

import (
	"fmt"
	"strings"

	"nerbench/answers"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/prompts"
)

// PublishedAnswer is a line of the output of [Parse] with a published parser.
type PublishedAnswer struct {
	Outcome  ner.Outcome        `json:"outcome"`
	Mentions []PublishedMention `json:"mentions"`
}

// PublishedMention is an item that the metric of the family's authors compares.
type PublishedMention struct {
	Text string         `json:"text"`
	Type ner.EntityType `json:"type"`
}

// publishedParser is the parser of a family's authors. readable is false if the
// original fails, or finds nothing in an answer that is not an empty list.
type publishedParser func(rawAnswer, []ner.EntityType) (found []ner.Mention, readable bool, err error)

// publishedParserOf finds the parser of a family's authors, or the official one.
func publishedParserOf(o ParseOptions) (publishedParser, error) {
	switch o.Parser {
	case "published":
	case "official":
		if o.Family != "uniner" {
			return nil, fault.Usagef("parser official: only for the family uniner, not for %s", o.Family)
		}
		return parseOfficial, nil
	default:
		return nil, fault.Usagef("parser %s: want one of %s%s", o.Parser, strings.Join(Parsers, ", "), ner.DidYouMean(o.Parser, Parsers))
	}
	var known []string
	for _, f := range prompts.Families {
		id := f.Published()
		if id == "" {
			continue
		}
		if f.Name == o.Family {
			return newPublishedParser(id)
		}
		known = append(known, f.Name)
	}
	return nil, fault.Usagef("family %s: no published parser (families with one: %s)", o.Family, strings.Join(known, ", "))
}

// parseLine parses one line of the input.
func (p publishedParser) parseLine(line []byte, types []ner.EntityType) (PublishedAnswer, error) {
	a, err := readRawAnswer(line)
	if err != nil {
		return PublishedAnswer{}, err
	}
	if a.Types != nil {
		types = a.Types
	}
	found, readable, err := p(a, types)
	if err != nil {
		return PublishedAnswer{}, err
	}
	out := PublishedAnswer{ner.OK, []PublishedMention{}}
	for _, m := range found {
		out.Mentions = append(out.Mentions, PublishedMention(m))
	}
	switch {
	case !readable:
		out.Outcome = ner.Malformed
	case len(found) == 0:
		out.Outcome = ner.Empty
	}
	return out, nil
}

// newPublishedParser finds the published parser of a metric.
func newPublishedParser(id string) (publishedParser, error) {
	parser, err := answers.FindPublishedParser(id)
	if err != nil {
		return nil, err
	}
	return func(a rawAnswer, types []ner.EntityType) (found []ner.Mention, readable bool, err error) {
		of := answers.PublishedAnswer{Text: *a.Text, Types: types, Type: a.Type}
		if parser.NeedsWords() {
			if of.Words, err = wordsOf(a); err != nil {
				return nil, false, err
			}
		}
		found, readable = parser.Parse(of)
		return found, readable, nil
	}, nil
}

// wordsOf returns the tokens of the passage, or without tokens its text split at
// white space.
func wordsOf(a rawAnswer) ([]string, error) {
	if a.Document == nil {
		return nil, fmt.Errorf(`answers of this family are aligned with the passage: want "document" too`)
	}
	d, err := newDocument(*a.Document, a.Tokens)
	if err != nil {
		return nil, err
	}
	if d.Tokens == nil {
		return answers.Words(d.Text), nil
	}
	var words []string
	for _, t := range d.Tokens {
		words = append(words, d.Text[t.Start:t.End])
	}
	return words, nil
}

// parseOfficial parses an unchanged answer with the official parser
// (docs/spec/metrics.md §3.2).
func parseOfficial(a rawAnswer, types []ner.EntityType) ([]ner.Mention, bool, error) {
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
