package files

import (
	"fmt"
	"strings"

	"nerbench/answers"
	"nerbench/internal/fault"
	"nerbench/ner"
)

// PublishedAnswer is a line of the output of [Parse] with a published parser.
type PublishedAnswer struct {
	Outcome  ner.Outcome        `json:"outcome"`
	Mentions []PublishedMention `json:"mentions"`
}

// PublishedMention is an item that the family's own metric compares.
type PublishedMention struct {
	Text string         `json:"text"`
	Type ner.EntityType `json:"type"`
}

// publishedParsers is the table of the parsers that the authors of prompt families
// published, kept bug for bug (docs/spec/metrics.md §3.2, §9). Each returns what the
// family's own metric compares.
var publishedParsers = []publishedParser{
	{"uniner", parsePublishedUniNER},
	{"gner", parsePublishedGNER},
	{"instructuie", parsePublishedItems(answers.InstructUIEItems)},
	{"b2ner", parsePublishedItems(answers.B2NERItems)},
	{"json_by_type", func(a rawAnswer, _ []ner.EntityType) ([]ner.Mention, bool, error) {
		found, ok := answers.PublishedReasoningNER(*a.Text)
		return found, ok, nil
	}},
}

// publishedParser parses the answers of one family. readable is false where the
// original fails, or finds nothing in an answer that is not the empty one.
type publishedParser struct {
	family string
	parse  func(rawAnswer, []ner.EntityType) (found []ner.Mention, readable bool, err error)
}

// publishedParserOf finds the parser of a family's authors, or the official one.
func publishedParserOf(o ParseOptions) (publishedParser, error) {
	switch o.Parser {
	case "published":
	case "official":
		if o.Family != "uniner" {
			return publishedParser{}, fault.Usagef("parser official: is of the family uniner, not of %s", o.Family)
		}
		return publishedParser{"uniner", parseOfficial}, nil
	default:
		return publishedParser{}, fault.Usagef("parser %s: want one of %s", o.Parser, strings.Join(Parsers, ", "))
	}
	var known []string
	for _, p := range publishedParsers {
		if p.family == o.Family {
			return p, nil
		}
		known = append(known, p.family)
	}
	return publishedParser{}, fault.Usagef("family %s: has no published parser (known: %s)", o.Family, strings.Join(known, ", "))
}

// parseLine parses an answer as the authors of its family do.
func (p publishedParser) parseLine(line []byte, types []ner.EntityType) (PublishedAnswer, error) {
	a, err := readRawAnswer(line)
	if err != nil {
		return PublishedAnswer{}, err
	}
	if a.Types != nil {
		types = a.Types
	}
	found, readable, err := p.parse(a, types)
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

// parsePublishedUniNER parses a completion about the one type that is asked for: its
// items are normalised.
func parsePublishedUniNER(a rawAnswer, types []ner.EntityType) ([]ner.Mention, bool, error) {
	items, void := answers.Published(*a.Text)
	return ofOneType(items, a, types), !void, nil
}

// parseOfficial parses an answer with the official parser alone (docs/spec/metrics.md §3.2):
// nothing is cut off or stripped before.
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

func parsePublishedGNER(a rawAnswer, types []ner.EntityType) ([]ner.Mention, bool, error) {
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

func parsePublishedItems(itemsOf func(string) []string) func(rawAnswer, []ner.EntityType) ([]ner.Mention, bool, error) {
	return func(a rawAnswer, _ []ner.EntityType) ([]ner.Mention, bool, error) {
		var found []ner.Mention
		for _, item := range itemsOf(*a.Text) {
			t, _, _ := strings.Cut(item, ":")
			found = append(found, ner.Mention{Text: item, Type: ner.EntityType(t)})
		}
		return found, true, nil
	}
}
