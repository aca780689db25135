package tagger

import (
	"context"
	"iter"

	"nerbench/ner"
)

// Train trains a tagger for types on documents, those of the train split of a dataset.
// Without types, it uses the types of the documents. The same documents, types (in
// their order) and configuration give the same weights. Documents without tokens are
// split into words by the tokenless rule. [Tagger.Learnt] counts the spans that could
// not be learnt. An error is one of the documents, or that of the context.
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
			// Further epochs would only add to the time of these weights.
			l.time += int64(len(order)) * int64(c.epochs()-epoch-1)
			break
		}
	}
	m := l.average()
	return &Tagger{model: m, digest: m.digest(), learnt: corpus.learnt}, nil
}

// source is the generator SplitMix64. Unlike the generators of libraries, it will
// always give the same numbers.
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
