package distill

import (
	"cmp"
	"slices"

	"nerbench/ner"
)

// Question asks for the entities of one type.
type Question struct {
	Type     string   `json:"type"`
	Answers  []string `json:"answers"` // entities, in order of first appearance
	Negative bool     `json:"negative,omitempty"`
}

// Conversation is a passage with the questions about it, in the order in which they are
// asked.
type Conversation struct {
	ID      string `json:"id"`
	Text    string `json:"text"`
	Source  string `json:"source,omitempty"`
	Dataset string `json:"dataset,omitempty"` // named in the first turn; empty: none
	// DatasetLine is how it is named, a form of the family uniner (docs/spec/prompts.md
	// §4.1): nl (also if empty), nl_sp, sp_nl or sp_nl_sp.
	DatasetLine string     `json:"dataset_line,omitempty"`
	Questions   []Question `json:"questions"`

	paragraph bool // for prompts of the variant paragraph
}

// NewConversation joins a passage and its negatives. Types have the order of their first
// appearance; the negatives follow in the order of their draws.
func NewConversation(k *Kept, negatives []string) Conversation {
	c := Conversation{ID: k.ID, Text: k.Text, Source: k.Source}
	for _, name := range k.Types() {
		q := Question{Type: name}
		for _, e := range k.Entities {
			if e.Type == name && !slices.Contains(q.Answers, e.Text) {
				q.Answers = append(q.Answers, e.Text)
			}
		}
		c.Questions = append(c.Questions, q)
	}
	for _, name := range negatives {
		c.Questions = append(c.Questions, Question{Type: name, Answers: []string{}, Negative: true})
	}
	return c
}

// Shuffle orders the questions by the seed and the id of the passage (docs/spec/prompts.md
// §6.5). If all types with answers came first, students would learn that late questions
// have empty answers.
func (c *Conversation) Shuffle(seed int) {
	type keyed struct {
		key uint64
		q   Question
	}
	list := make([]keyed, len(c.Questions))
	for i, q := range c.Questions {
		list[i] = keyed{ner.Hash(seed, "questions", c.ID, q.Type), q}
	}
	slices.SortFunc(list, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.q.Type, b.q.Type))
	})
	for i, k := range list {
		c.Questions[i] = k.q
	}
}
