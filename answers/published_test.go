package answers_test

import (
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/ner"
)

// TestPublishedParsers parses an answer with each published parser.
func TestPublishedParsers(t *testing.T) {
	for id, tc := range map[string]struct {
		answer answers.PublishedAnswer
		want   []ner.Mention
	}{
		"uniner":       {answers.PublishedAnswer{Text: `["The Port", "Zoë"]`, Types: []ner.EntityType{"place", "person"}}, []ner.Mention{{Text: "port", Type: "place"}, {Text: "zoë", Type: "place"}}},
		"reasoningner": {answers.PublishedAnswer{Text: `{"entities": {"person": ["Zoë"]}}`}, []ner.Mention{{Text: "Zoë", Type: "person"}}},
		"instructuie":  {answers.PublishedAnswer{Text: "person: Zoë; place: Rome"}, []ner.Mention{{Text: "person:zoë", Type: "person"}, {Text: "place:rome", Type: "place"}}},
		"b2ner":        {answers.PublishedAnswer{Text: "person: Zoë"}, []ner.Mention{{Text: "person:zoë", Type: "person"}}},
		"gner": {answers.PublishedAnswer{Text: "Zoë(B-person) left(O)", Words: []string{"Zoë", "left"}, Types: []ner.EntityType{"person"}},
			[]ner.Mention{{Text: "Zoë", Type: "person"}}},
	} {
		t.Run(id, func(t *testing.T) {
			p, err := answers.FindPublishedParser(id)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := p.Parse(tc.answer)
			slices.SortFunc(got, func(a, b ner.Mention) int { return strings.Compare(a.Text, b.Text) })
			if !slices.Equal(got, tc.want) || !ok || p.NeedsWords() != (id == "gner") {
				t.Errorf("found %q, %v, want %q", got, ok, tc.want)
			}
		})
	}
	p, err := answers.FindPublishedParser("uniner")
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := p.Parse(answers.PublishedAnswer{Text: `Sure: ["x"]`}); ok || len(got) > 0 {
		t.Errorf("an answer with prose is %q, %v", got, ok)
	}
	if got, _ := p.Parse(answers.PublishedAnswer{Text: `["x"]`, Types: []ner.EntityType{"a", "b"}, Type: "b"}); len(got) != 1 || got[0].Type != "b" {
		t.Errorf("an answer about type b is %q", got)
	}
	if _, err := answers.FindPublishedParser("nosuch"); err == nil || !strings.Contains(err.Error(), "known: uniner") {
		t.Errorf("an unknown parser is %v", err)
	}
	if _, err := answers.NewParser("nosuch", nil, ""); err == nil || !strings.Contains(err.Error(), "known: list") {
		t.Errorf("an unknown form is %v", err)
	}
}
