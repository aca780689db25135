package tagger

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"

	"nerbench/ner"
)

// Learnt counts the training data, and the gold spans that labels of words cannot
// express.
type Learnt struct {
	Documents int
	Words     int
	Spans     int // learnt spans
	Extended  int // learnt spans that began or ended within a word, and were extended to it
	Nested    int // skipped: inside a learnt span, or crossing one
	Wordless  int // skipped: without a word
	OtherType int // skipped: of a type that was not requested
}

// corpus is a train split in memory. It needs 8 bytes per word, and stores each
// distinct word once.
type corpus struct {
	labels *labels
	learnt Learnt
	words  []word   // distinct words
	ids    []uint32 // indexes into words
	gold   []int32  // labels
	starts []int    // starts of sentences in ids and gold, and the end of the last
}

// sentences is the number of sentences. Documents without words are not counted.
func (c *corpus) sentences() int { return len(c.starts) - 1 }

// maxTypes is the largest number of types: labels must fit the table.
const maxTypes = 5000

// readCorpus reads documents. Without types, it uses the types of the documents.
func readCorpus(ctx context.Context, docs iter.Seq2[*ner.Document, error], types []ner.EntityType) (*corpus, error) {
	index := map[ner.EntityType]int{}
	for _, t := range types {
		if _, ok := index[t]; !ok {
			index[t] = len(index)
		}
	}
	c := &corpus{starts: []int{0}}
	known := map[string]uint32{}
	for d, err := range docs {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.learnt.Documents++
		if len(types) == 0 {
			for _, s := range d.Spans {
				if _, ok := index[s.Type]; !ok {
					index[s.Type] = len(index)
				}
			}
		}
		c.add(d, known, index)
	}
	if len(index) > maxTypes {
		return nil, fmt.Errorf("tagger: %d types: at most %d are possible", len(index), maxTypes)
	}
	all := make([]ner.EntityType, len(index))
	for t, i := range index {
		all[i] = t
	}
	c.labels = newLabels(all)
	return c, nil
}

// add appends a document as one sentence.
func (c *corpus) add(d *ner.Document, known map[string]uint32, types map[ner.EntityType]int) {
	w := d.Words()
	if len(w) == 0 {
		c.learnt.Wordless += len(d.Spans)
		return
	}
	for _, r := range w {
		s := d.Text[r.Start:r.End]
		id, ok := known[s]
		if !ok {
			id = uint32(len(c.words))
			known[s] = id
			c.words = append(c.words, describe(s))
		}
		c.ids = append(c.ids, id)
	}
	start := len(c.gold)
	c.gold = append(c.gold, make([]int32, len(w))...)
	c.learnt.Words += len(w)
	c.annotate(c.gold[start:], d.Spans, w, types)
	c.starts = append(c.starts, len(c.ids))
}

// annotate writes the gold labels of a document. Labels cannot express overlap: of
// overlapping spans, the one that begins first is learnt; of those that begin together,
// the longest. So the outermost of nested spans is learnt.
func (c *corpus) annotate(gold []int32, spans []ner.Span, words []ner.Range, types map[ner.EntityType]int) {
	spans = slices.Clone(spans)
	slices.SortStableFunc(spans, func(a, b ner.Span) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return b.End - a.End
	})
	free := 0 // the first word after the spans so far
	for _, s := range spans {
		typ, ok := types[s.Type]
		if !ok {
			c.learnt.OtherType++
			continue
		}
		first := sort.Search(len(words), func(i int) bool { return words[i].End > s.Start })
		after := sort.Search(len(words), func(i int) bool { return words[i].Start >= s.End })
		switch {
		case first >= after:
			c.learnt.Wordless++
			continue
		case first < free:
			c.learnt.Nested++
			continue
		}
		if words[first].Start != s.Start || words[after-1].End != s.End {
			c.learnt.Extended++
		}
		c.learnt.Spans++
		write(gold[first:after], typ)
		free = after
	}
}
