package loop

import (
	"context"
	"fmt"
	"iter"

	"nerbench/internal/parallel"
	"nerbench/metrics"
	"nerbench/ner"
)

// DefaultMetrics are the ids of the metrics that every run is scored by.
var DefaultMetrics = []string{"span_f1", "uniner_f1", "uniner_f1_lenient"}

// ScorePlan says what to score.
type ScorePlan struct {
	// Documents are those of the run, in order.
	Documents iter.Seq2[*ner.Document, error]
	// Passages are its complete passages with their answers, in order of index;
	// some may be missing.
	Passages iter.Seq2[ner.Passage, error]
	Parsing  ParseOptions
	// TrainedTokens is the length of the prompts that the models of their family were
	// trained on; 0: it is not known. Longer ones are counted ([Marks]).
	TrainedTokens int
	// Metrics are ids with options (docs/spec/metrics.md §1.5), as for [MetricIDs].
	Metrics []string
	// Queries is the run's query set; where it is not "all", it is part of every
	// metric's id (docs/spec/metrics.md §1.4).
	Queries string
	// Observe is told of every passage, in order; may be nil.
	Observe func(ner.Passage, *ner.Document, ParsedPassage)
}

// MetricCounts are the counts of one metric.
type MetricCounts struct {
	Total  ner.Score
	ByType map[ner.EntityType]ner.Score
	// Passages are the counts of each complete passage, in order of index.
	Passages []ner.Score
	// Reader and Version name the versions of the parsers and of the metric.
	Reader, Version string
}

// Scored is what was counted.
type Scored struct {
	Passages int
	// Metrics by id.
	Metrics map[string]MetricCounts
	// Outcomes counts queries by class. Answers that bring offsets count only
	// where they failed: nothing was generated.
	Outcomes map[ner.Outcome]int
	// Counters are the other figures that stand beside a score (docs/spec/metrics.md §14.1).
	Counters map[string]int
}

// Score reads the answers of a run, understands them, and counts. It asks no
// model. Equal answers have equal scores, whatever the number of workers
// (docs/spec/metrics.md §8.4).
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
	return s.scored, nil
}

// blockSize is the number of passages that are scored in one piece.
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
					yield(nil, fmt.Errorf("passage %d: the store has document %q, the data has %q: they are not the same data", index, p.Document, d.ID))
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
			yield(nil, fmt.Errorf("passage %d: the data has only %d documents: they are not the same data", p.Index, index))
		case len(b.passages) > 0:
			yield(b, nil)
		}
	}
}
