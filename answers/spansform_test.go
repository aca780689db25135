package answers_test

import (
	"fmt"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/ner"
)

// TestMentionsOfPrograms: mentions without offsets have the form of the family spans, too,
// and are searched in the text.
func TestMentionsOfPrograms(t *testing.T) {
	d := &ner.Document{Text: "Mira met Mira in Varna ."}
	q := answers.Question{Form: "spans", Document: d, Types: []ner.EntityType{"person", "place"}, AllTypes: []answers.TypeName{{Natural: "person"}, {Natural: "place"}}}
	aligner, err := answers.NewAligner(d, answers.Alignment{})
	if err != nil {
		t.Fatal(err)
	}
	for answer, want := range map[string]string{
		`{"mentions":[{"text":"Mira","type":"person"},{"text":"Oslo","type":"place"}]}`: "ok [{0 4 person} {9 13 person}] unaligned [{Oslo place}] dropped []",
		`{"mentions":[]}`: "empty [] unaligned [] dropped []",
		`{"mentions":[{"text":"Mira","type":"ship"}]}`:                                      "unusable [] unaligned [] dropped [{unknown_type ship Mira}]",
		`{"spans":[{"start":9,"end":13,"type":"person"}]}`:                                  "ok [{9 13 person}] unaligned [] dropped []",
		`{"spans":[],"mentions":[]}`:                                                        "malformed [] unaligned [] dropped []",
		`{"mentions":[{"text":"Mira","type":"person"},{"text":"Mira","type":"person"}]}`:    "ok [{0 4 person} {9 13 person}] unaligned [] dropped []",
		`{"mentions":[{"text":"Varna","type":"place"},{"text":"Varna .","type":"person"}]}`: "ok [{17 22 place} {17 24 person}] unaligned [] dropped []",
		`{"mentions":"Mira"}`: "malformed [] unaligned [] dropped []",
	} {
		p := answers.Read(q, ner.Completion{Text: answer, Finish: ner.FinishStop})
		answers.Place(&p, aligner)
		if got := fmt.Sprint(p.Outcome, " ", p.Spans, " unaligned ", p.Unaligned, " dropped ", p.Dropped); got != strings.TrimSpace(want) {
			t.Errorf("%s: %s, want %s", answer, got, want)
		}
	}
}
