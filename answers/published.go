package answers

import (
	"fmt"
	"strings"

	"nerbench/ner"
)

// PublishedParser is the published parser of the authors of a prompt family, with all
// its bugs (docs/spec/metrics.md §3.2, §9).
type PublishedParser struct {
	id string
	// words is set if it aligns the answer with the words of the passage.
	words bool
	parse func(PublishedAnswer) (found []ner.Mention, ok bool)
}

// PublishedAnswer is an answer with the data of its query that a published parser may
// need.
type PublishedAnswer struct {
	Text  string
	Words []string         // of the passage
	Types []ner.EntityType // asked
	Type  ner.EntityType   // of an answer about one type; empty: the first of Types
}

// publishedParsers is the table of the published parsers. The table of prompt families
// (prompts.Families) refers to their ids.
var publishedParsers = []PublishedParser{
	{id: "uniner", parse: func(a PublishedAnswer) ([]ner.Mention, bool) {
		items, void := Published(a.Text)
		return a.ofOneType(items), !void
	}},
	{id: "reasoningner", parse: func(a PublishedAnswer) ([]ner.Mention, bool) { return PublishedReasoningNER(a.Text) }},
	{id: "instructuie", parse: func(a PublishedAnswer) ([]ner.Mention, bool) { return typedItems(InstructUIEItems(a.Text)), true }},
	{id: "b2ner", parse: func(a PublishedAnswer) ([]ner.Mention, bool) { return typedItems(B2NERItems(a.Text)), true }},
	{id: "gner", words: true, parse: func(a PublishedAnswer) ([]ner.Mention, bool) {
		return GNEREntities(a.Words, PublishedGNER(a.Text, a.Words, a.Types)), true
	}},
}

// PublishedParsers lists the ids of the published parsers.
func PublishedParsers() []string {
	ids := make([]string, len(publishedParsers))
	for i, p := range publishedParsers {
		ids[i] = p.id
	}
	return ids
}

// FindPublishedParser returns the published parser with an id, one of
// [PublishedParsers].
func FindPublishedParser(id string) (PublishedParser, error) {
	for _, p := range publishedParsers {
		if p.id == id {
			return p, nil
		}
	}
	return PublishedParser{}, fmt.Errorf("answers: published parser %q: unknown%s", id, ner.Choices(id, PublishedParsers()))
}

// NeedsWords reports whether parsing needs the words of the passage.
func (p PublishedParser) NeedsWords() bool { return p.words }

// Parse returns the items that the metric of the family's authors compares. ok is false
// if the original fails, or finds nothing in an answer that is not an empty list.
func (p PublishedParser) Parse(a PublishedAnswer) (found []ner.Mention, ok bool) { return p.parse(a) }

// ofOneType returns the items of a list as mentions.
func (a PublishedAnswer) ofOneType(items []string) []ner.Mention {
	t := a.Type
	if t == "" && len(a.Types) > 0 {
		t = a.Types[0]
	}
	var found []ner.Mention
	for _, item := range items {
		found = append(found, ner.Mention{Text: strings.ToValidUTF8(item, "\uFFFD"), Type: t})
	}
	return found
}

// typedItems returns items "type:text" as mentions. They are compared as whole strings.
func typedItems(items []string) []ner.Mention {
	var found []ner.Mention
	for _, item := range items {
		t, _, _ := strings.Cut(item, ":")
		found = append(found, ner.Mention{Text: item, Type: ner.EntityType(t)})
	}
	return found
}
