package distill

import (
	"slices"

	"nerbench/ner"
)

// Mixer makes conversations of the documents of a dataset of the benchmark
// (docs/spec/prompts.md §6.7).
type Mixer struct {
	// ID, Name and Line are those of the dataset, and the form of its dataset line; an empty
	// line: the conversations do not name it.
	ID, Name, Line string
	// Words are the types as they are asked for.
	Words map[ner.EntityType]string

	pool      *Pool
	negatives *Negatives
}

// Add counts a document of the train split for the weights of negatives.
func (m *Mixer) Add(d *ner.Document, s Settings) {
	if m.pool == nil {
		var words []string
		for _, w := range m.Words {
			words = append(words, w)
		}
		m.pool = NewPool(words...)
	}
	m.pool.Add(m.kept(d).Entities, s.options().Guard)
}

// The least numbers of negatives: of a document, and of one without mentions.
const (
	leastNegatives = 1
	leastEmpty     = 2
)

// Conversation asks for the types of a document, and for some that it does not have. Add
// must have seen all documents. ok is false if there is no question.
func (m *Mixer) Conversation(d *ner.Document, s Settings) (c Conversation, ok bool, err error) {
	if m.negatives == nil {
		if m.negatives, err = m.pool.Negatives(s.options()); err != nil {
			return c, false, err
		}
	}
	k := m.kept(d)
	least := leastNegatives
	if len(k.Entities) == 0 {
		least = leastEmpty
	}
	c = NewConversation(k, m.negatives.DrawAtLeast(k, least))
	if m.Line != "" {
		c.Dataset, c.DatasetLine = m.Name, m.Line
	}
	return c, len(c.Questions) > 0, nil
}

// kept is a document as a passage with entities, in order of their places.
func (m *Mixer) kept(d *ner.Document) *Kept {
	k := &Kept{Passage: Passage{ID: d.ID, Text: d.Text, Source: m.ID}}
	spans := slices.Clone(d.Spans)
	slices.SortFunc(spans, ner.Span.Compare)
	for _, s := range spans {
		if word, asked := m.Words[s.Type]; asked {
			k.Entities = append(k.Entities, Entity{Text: d.Surface(s), Type: word})
		}
	}
	return k
}
