package metrics

import (
	"nerbench/ner"
)

// Training holds the statistics of a dataset's train split for attributes
// (docs/spec/metrics.md §11): its words, its entities, and all occurrences of their
// words.
type Training struct {
	ids      map[string]int32
	passages [][]int32
	entities *prefix
}

// prefix is a node of the prefix tree of the entities' words.
type prefix struct {
	next map[int32]*prefix
	// windows of the train split with the words from the root to this node; entities
	// among them; and their numbers by type.
	windows, entities int
	places            map[ner.EntityType]int
}

// NewTraining returns empty statistics.
func NewTraining() *Training {
	return &Training{ids: map[string]int32{}, entities: &prefix{}}
}

// Add adds a passage of the train split. It must be called before all queries.
func (t *Training) Add(words Words, gold []ner.Span) {
	ids := make([]int32, len(words.Lower))
	for i, w := range words.Lower {
		id, known := t.ids[w]
		if !known {
			id = int32(len(t.ids))
			t.ids[w] = id
		}
		ids[i] = id
	}
	t.passages = append(t.passages, ids)
	type place struct {
		first, last int
		typ         ner.EntityType
	}
	seen := map[place]bool{}
	set, _ := spanSet(gold)
	for _, s := range set {
		first, last := words.inside(s)
		if first == last {
			continue
		}
		node := t.entities
		for _, id := range ids[first:last] {
			node = node.child(id)
		}
		node.entities++
		if p := (place{first, last, s.Type}); !seen[p] {
			seen[p] = true
			if node.places == nil {
				node.places = map[ner.EntityType]int{}
			}
			node.places[s.Type]++
		}
	}
}

func (p *prefix) child(id int32) *prefix {
	if p.next == nil {
		p.next = map[int32]*prefix{}
	}
	c := p.next[id]
	if c == nil {
		c = &prefix{}
		p.next[id] = c
	}
	return c
}

// Count finds all windows with the words of an entity; they do not cross passages.
// It must be called once after [Training.Add]; it frees the passages.
func (t *Training) Count() {
	for _, ids := range t.passages {
		for first := range ids {
			node := t.entities
			for _, id := range ids[first:] {
				if node = node.next[id]; node == nil {
					break
				}
				node.windows++
			}
		}
	}
	t.passages = nil
}

// Has reports whether a lower-cased word occurs in the train split.
func (t *Training) Has(word string) bool {
	_, known := t.ids[word]
	return known
}

// Frequency is the number of gold entities, of any type, with these lower-cased
// words (eFre).
func (t *Training) Frequency(words []string) int {
	if node := t.find(words); node != nil {
		return node.entities
	}
	return 0
}

// Consistency is the share of the windows with these lower-cased words that are
// gold entities of a type; 0 if there is no such window (eCon).
func (t *Training) Consistency(words []string, typ ner.EntityType) float64 {
	node := t.find(words)
	if node == nil || node.windows == 0 {
		return 0
	}
	return float64(node.places[typ]) / float64(node.windows)
}

// find is the node of the words; nil if no entity begins with them.
func (t *Training) find(words []string) *prefix {
	if len(words) == 0 {
		return nil
	}
	node := t.entities
	for _, w := range words {
		id, known := t.ids[w]
		if !known {
			return nil
		}
		if node = node.next[id]; node == nil {
			return nil
		}
	}
	return node
}
