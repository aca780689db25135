package distill

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"strings"

	"nerbench/distill/ngrams"
	"nerbench/internal/fault"
	"nerbench/ner"
)

// Sampler chooses passages among the parts of the texts of a corpus (docs/spec/prompts.md
// §6.2): the first Size of order(seed, "passages", corpus, ids), however many there are.
type Sampler struct {
	Size   int
	Seed   int
	Corpus string // its name, for the order
	Cutter Cutter
	// Tests are the test sets of the benchmark; a part with words of them is removed. nil:
	// none is.
	Tests *ngrams.Set

	Removed Removed
	chosen  candidates
	places  map[string]*candidate // by text
}

// Removed counts the parts of a corpus that are no candidates.
type Removed struct {
	Parts        int `json:"parts" toml:"parts"` // all parts
	Blank        int `json:"blank" toml:"blank"`
	Contaminated int `json:"contaminated" toml:"contaminated"` // with words of a test set
	// Repeated counts parts with the text of another part of the sample at that time.
	Repeated int `json:"repeated" toml:"repeated"`
}

// candidate is a part that is in the sample so far.
type candidate struct {
	key     uint64
	passage Passage
	place   string // of its text in the corpus
	index   int    // in the heap
}

// after reports whether a candidate comes after another one in the order.
func (c *candidate) after(o *candidate) bool {
	return cmp.Or(cmp.Compare(c.key, o.key), strings.Compare(c.passage.ID, o.passage.ID)) > 0
}

// Add cuts a text into parts, which are named ID/0, ID/1 and so on.
func (s *Sampler) Add(id, text, source, place string) error {
	parts, err := s.Cutter.Cut(text)
	if err == nil {
		s.AddParts(id, text, source, place, parts)
	}
	return err
}

// AddParts is [Sampler.Add] for a text that was cut.
func (s *Sampler) AddParts(id, text, source, place string, parts []ner.Range) {
	for i, r := range parts {
		s.Removed.Parts++
		part := strings.TrimFunc(text[r.Start:r.End], ner.IsSpace)
		if part == "" {
			s.Removed.Blank++
			continue
		}
		if s.Tests != nil {
			if _, found := s.Tests.Find(part); found {
				s.Removed.Contaminated++
				continue
			}
		}
		s.offer(Passage{ID: fmt.Sprintf("%s/%d", id, i), Text: part, Source: source}, place)
	}
}

// offer takes a passage into the sample, if it is among the first ones so far.
func (s *Sampler) offer(p Passage, place string) {
	c := &candidate{key: ner.Hash(s.Seed, "passages", s.Corpus, p.ID), passage: p, place: place}
	if len(s.chosen) == s.Size && (s.Size == 0 || c.after(s.chosen[0])) {
		return
	}
	if s.places == nil {
		s.places = map[string]*candidate{}
	}
	if same := s.places[p.Text]; same != nil {
		s.Removed.Repeated++
		if !same.after(c) {
			return
		}
		heap.Remove(&s.chosen, same.index)
		delete(s.places, p.Text)
	}
	c.passage.Text = strings.Clone(p.Text) // not the whole text of the corpus
	heap.Push(&s.chosen, c)
	s.places[c.passage.Text] = c
	if len(s.chosen) > s.Size {
		last := heap.Pop(&s.chosen).(*candidate)
		delete(s.places, last.passage.Text)
	}
}

// Passages returns the sample, in order. Two passages with the same id are an error.
func (s *Sampler) Passages() ([]Passage, error) {
	list := slices.Clone(s.chosen)
	slices.SortFunc(list, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(a.key, b.key), strings.Compare(a.passage.ID, b.passage.ID))
	})
	passages := make([]Passage, len(list))
	for i, c := range list {
		if i > 0 && list[i-1].passage.ID == c.passage.ID {
			err := fmt.Errorf("corpus: %s and %s: both have the id %q: ids must differ", list[i-1].place, c.place, c.passage.ID)
			return nil, &fault.Hint{Err: err, Advice: "name another field of ids with --id; or, if two folders have files of one name, name the folder above them"}
		}
		passages[i] = c.passage
	}
	return passages, nil
}

// candidates is a heap whose first element is the last one in the order.
type candidates []*candidate

func (c candidates) Len() int           { return len(c) }
func (c candidates) Less(i, j int) bool { return c[i].after(c[j]) }
func (c candidates) Swap(i, j int) {
	c[i], c[j] = c[j], c[i]
	c[i].index, c[j].index = i, j
}

func (c *candidates) Push(x any) {
	n := x.(*candidate)
	n.index = len(*c)
	*c = append(*c, n)
}

func (c *candidates) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}
