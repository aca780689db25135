package tagger

import (
	"context"
	"iter"

	"nerbench/ner"
)

// Train learns to find types in documents, of the train split of a dataset. Without
// types, those that the documents hold are learnt. The same documents, types
// (in their order) and configuration give the same weights. Documents without
// tokens are cut into words by the tokenless rule; [Tagger.Learnt] counts spans
// that could not be learnt. An error is one of the documents, or the end of the
// context.
func Train(ctx context.Context, docs iter.Seq2[*ner.Document, error], types []ner.EntityType, c Config) (*Tagger, error) {
	corpus, err := readCorpus(ctx, docs, types)
	if err != nil {
		return nil, err
	}
	l := newLearner(corpus.labels)
	order := make([]int, corpus.sentences())
	for i := range order {
		order[i] = i
	}
	random := source(mix(uint64(c.Seed)))
	for epoch := range c.epochs() {
		random.shuffle(order)
		wrong := 0
		for _, i := range order {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if !l.learn(corpus, i) {
				wrong++
			}
		}
		if c.Observe != nil {
			c.Observe(Epoch{Number: epoch + 1, Of: c.epochs(), Sentences: len(order), Wrong: wrong})
		}
		if wrong == 0 {
			// Nothing would change any more but the time that these weights held.
			l.time += int64(len(order)) * int64(c.epochs()-epoch-1)
			break
		}
	}
	m := l.average()
	return &Tagger{model: m, digest: m.digest(), learnt: corpus.learnt}, nil
}

// source is the generator SplitMix64: its numbers are fixed for ever, unlike
// those of a library.
type source uint64

func (s *source) below(n int) int {
	*s += 0x9e3779b97f4a7c15
	return int(mix(uint64(*s)) % uint64(n))
}

func (s *source) shuffle(x []int) {
	for i := len(x) - 1; i > 0; i-- {
		j := s.below(i + 1)
		x[i], x[j] = x[j], x[i]
	}
}
