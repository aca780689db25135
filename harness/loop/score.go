package loop

import (
	"context"
	"fmt"
	"iter"

	"nerbench/internal/parallel"
	"nerbench/metrics"
	"nerbench/ner"
)

// DefaultMetrics are the ids of the metrics of every run.
var DefaultMetrics = []string{"span_f1", "uniner_f1", "uniner_f1_lenient"}

// ScorePlan describes the answers to score.
type ScorePlan struct {
	// Documents are the documents of the run, in order.
	Documents iter.Seq2[*ner.Document, error]
	// Passages are the complete passages with their answers, ordered by index.
	// Passages may be missing.
	Passages iter.Seq2[ner.Passage, error]
	Parsing  ParseOptions
	// TrainedTokens is the longest prompt that the models of the family were trained
	// on; 0: unknown. Longer prompts are counted ([Marks]).
	TrainedTokens int
	// Metrics are ids with options (docs/spec/metrics.md §1.5), as for [MetricIDs].
	Metrics []string
	// Queries is the query set of the run. Unless it is "all", it is part of every
	// metric's id (docs/spec/metrics.md §1.4).
	Queries string
	// Observe is called with every passage, in order. May be nil.
	Observe func(ner.Passage, *ner.Document, ParsedPassage)
	// Counted is called with the counts of every passage, in order, by metric in the
	// order of [MetricIDs]; it must not keep them. The outcome then has no counts of
	// passages, so that memory does not grow with their number. May be nil.
	Counted func(index int, counts []ner.Score)
}

// MetricCounts are the counts of one metric.
type MetricCounts struct {
	Total  ner.Score
	ByType map[ner.EntityType]ner.Score
	// Passages are the counts of each complete passage, in order of index.
	Passages []ner.Score
	// Reader is the version of the parsers, Version that of the metric.
	Reader, Version string
}

// Scored has the counts of a run.
type Scored struct {
	Passages int
	// Metrics are by id.
	Metrics map[string]MetricCounts
	// Outcomes counts queries by outcome. Answers with offsets are not generated, so
	// only their failures count.
	Outcomes map[ner.Outcome]int
	// Counters are the other counts that belong to a score (docs/spec/metrics.md §14.1).
	Counters map[string]int
}

// Score parses the answers of a run, and counts. It sends no queries. The scores do
// not depend on the number of workers (docs/spec/metrics.md §8.4).
func Score(ctx context.Context, plan ScorePlan) (Scored, error) {
	s, err := newScorer(plan)
	if err != nil {
		return Scored{}, err
	}
	work := parallel.OnAllProcessors(func(b *scoreBlock) (*scoreBlock, error) {
		s.work(b)
		return b, nil
	})
	for b, err := range parallel.Map(ctx, joined(plan), work) {
		if err == nil {
			err = s.merge(b)
		}
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		if err != nil {
			return Scored{}, err
		}
	}
	return s.end(), nil
}

// blockSize is the number of passages in a block.
const blockSize = 64

type scoreBlock struct {
	documents []*ner.Document
	passages  []ner.Passage
	counts    [][]metrics.Counts // by passage, by metric
	outcomes  map[ner.Outcome]int
	counters  map[string]int
	observed  []ParsedPassage
	err       error
}

// joined joins documents and passages by index, in blocks.
func joined(plan ScorePlan) iter.Seq2[*scoreBlock, error] {
	return func(yield func(*scoreBlock, error) bool) {
		next, stop := iter.Pull2(plan.Passages)
		defer stop()
		p, err, more := next()
		b := &scoreBlock{}
		index := 0
		for d, docErr := range plan.Documents {
			if docErr != nil {
				yield(nil, docErr)
				return
			}
			if !more || err != nil {
				break
			}
			if p.Index == index {
				if p.Document != d.ID {
					yield(nil, fmt.Errorf("passage %d: the answers are about document %q, the data has %q: the data is different", index, p.Document, d.ID))
					return
				}
				b.documents, b.passages = append(b.documents, d), append(b.passages, p)
				if len(b.passages) == blockSize {
					if !yield(b, nil) {
						return
					}
					b = &scoreBlock{}
				}
				p, err, more = next()
			}
			index++
		}
		switch {
		case err != nil:
			yield(nil, err)
		case more:
			yield(nil, fmt.Errorf("passage %d: the data has only %d documents: the data is different", p.Index, index))
		case len(b.passages) > 0:
			yield(b, nil)
		}
	}
}
