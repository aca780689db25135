package distill

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	"nerbench/internal/reference"
	"nerbench/ner"
)

// vectors are those of the recipe: from the answers of a teacher to records.
type vectors struct {
	Passages []Passage
	Answers  map[string]string
	Kept     []struct {
		Passage string
		Types   map[string][]string
	}
	Dropped       []Dropped
	Frequency     map[string]int
	Ratio         float64
	Conversations map[string][]SharedConversation
	Exports       struct {
		Conversations SharedConversation
		Messages      Chat
		Alpaca        []Alpaca
	}
}

func (v *vectors) filter() (kept []*Kept, dropped []Dropped) {
	for _, p := range v.Passages {
		k, d := Filters{}.Apply(p, ner.Completion{Text: v.Answers[p.ID], Finish: ner.FinishStop})
		if k != nil {
			kept = append(kept, k)
		}
		dropped = append(dropped, d...)
	}
	return kept, dropped
}

// converse makes the conversations of a strategy and a seed, such as "uniform seed 0", in
// the order of the vectors.
func (v *vectors) converse(t *testing.T, kept []*Kept, name string) (list []Conversation) {
	strategy, seed, _ := strings.Cut(name, " seed ")
	n, err := NewNegatives(kept, NegativeOptions{Strategy: strategy, Ratio: v.Ratio, Seed: int(seed[0] - '0')})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kept {
		list = append(list, NewConversation(k, n.Draw(k)))
	}
	return list
}

func TestVectors(t *testing.T) {
	reference.EachSet(t, func(t *testing.T, set reference.Set) {
		var v vectors
		set.Read(t, &v, "vectors-prompts", "distill.json")
		kept, dropped := v.filter()
		t.Run("kept", func(t *testing.T) {
			if len(kept) != len(v.Kept) {
				t.Fatalf("%d passages are kept, want %d", len(kept), len(v.Kept))
			}
			for i, want := range v.Kept {
				got := map[string][]string{}
				for _, e := range kept[i].Entities {
					got[e.Type] = append(got[e.Type], e.Text)
				}
				if kept[i].ID != want.Passage || !reflect.DeepEqual(got, want.Types) {
					t.Errorf("%s: %v, want %s: %v", kept[i].ID, got, want.Passage, want.Types)
				}
			}
		})
		t.Run("dropped", func(t *testing.T) {
			if !reflect.DeepEqual(dropped, v.Dropped) {
				t.Errorf("dropped %+v, want %+v", dropped, v.Dropped)
			}
		})
		t.Run("frequency", func(t *testing.T) {
			if got := Frequency(kept); !maps.Equal(got, v.Frequency) {
				t.Errorf("frequency is %v, want %v", got, v.Frequency)
			}
		})
		for name, want := range v.Conversations {
			t.Run(name, func(t *testing.T) {
				var got []SharedConversation
				for _, c := range v.converse(t, kept, name) {
					got = append(got, c.Shared())
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
		t.Run("exports", func(t *testing.T) {
			for _, c := range v.converse(t, kept, "frequency seed 0") {
				if c.ID != v.Exports.Conversations.ID {
					continue
				}
				if got := c.Shared(); !reflect.DeepEqual(got, v.Exports.Conversations) {
					t.Errorf("conversations: %v, want %v", got, v.Exports.Conversations)
				}
				if got := c.Chat(); !reflect.DeepEqual(got, v.Exports.Messages) {
					t.Errorf("messages: %v, want %v", got, v.Exports.Messages)
				}
				if got := c.Alpaca(); !reflect.DeepEqual(got, v.Exports.Alpaca) {
					t.Errorf("alpaca: %v, want %v", got, v.Exports.Alpaca)
				}
			}
		})
	})
}
