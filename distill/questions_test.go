package distill

import (
	"reflect"
	"slices"
	"testing"

	"nerbench/prompts"
)

func TestConversation(t *testing.T) {
	k := &Kept{
		Passage:  Passage{ID: "p", Text: "Ada met Bo\u007fé 😀 in Essa .", Source: "news"},
		Entities: []Entity{{"Bo\u007fé 😀", "person"}, {"Essa", "city"}, {"Ada", "person"}},
	}
	c := NewConversation(k, []string{"date", "river"})
	want := Conversation{ID: "p", Text: k.Text, Source: "news", Questions: []Question{
		{Type: "person", Answers: []string{"Bo\u007fé 😀", "Ada"}}, {Type: "city", Answers: []string{"Essa"}},
		{Type: "date", Answers: []string{}, Negative: true}, {Type: "river", Answers: []string{}, Negative: true},
	}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("conversation is %+v, want %+v", c, want)
	}
	c.Dataset = "essays"
	turns := c.Shared().Conversations
	if got := turns[0].Value; got != "Dataset: essays\nText: "+k.Text {
		t.Errorf("with a dataset, the first turn is %q", got)
	}
	if got := turns[3].Value; got != `["Bo\u007f\u00e9 \ud83d\ude00", "Ada"]` {
		t.Errorf("the first answer is %s", got)
	}
}

// TestShuffle: the order is that of docs/spec/prompts.md §2.2, whatever it was before.
func TestShuffle(t *testing.T) {
	types := []string{"person", "city", "date", "river", "a", "b", "c"}
	for seed := range 3 {
		c := Conversation{ID: "p"}
		for _, name := range types {
			c.Questions = append(c.Questions, Question{Type: name})
		}
		want := prompts.Order(seed, "questions", []string{"p"}, types)
		for range 2 {
			c.Shuffle(seed)
			var got []string
			for _, q := range c.Questions {
				got = append(got, q.Type)
			}
			if !slices.Equal(got, want) {
				t.Errorf("seed %d: %v, want %v", seed, got, want)
			}
			slices.Reverse(c.Questions)
		}
	}
}
