package loop

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"

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
	// Reader and Version name the versions of the readers and of the metric.
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
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	blocks := make(chan *scoreBlock, 2*runtime.GOMAXPROCS(0))
	todo := make(chan *scoreBlock)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for b := range todo {
				s.work(b)
				close(b.done)
			}
		})
	}
	var produced error
	workers.Go(func() {
		produced = produceBlocks(ctx, plan, todo, blocks)
		close(todo)
		close(blocks)
	})
	for b := range blocks {
		<-b.done
		if err := s.merge(b); err != nil {
			cancel(err)
		}
	}
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return Scored{}, cause
	}
	return s.scored, produced
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
	done      chan struct{}
}

func newBlock() *scoreBlock { return &scoreBlock{done: make(chan struct{})} }

// produceBlocks joins documents and passages by index, and hands blocks of them
// to the workers and, in order, to the merger.
func produceBlocks(ctx context.Context, plan ScorePlan, todo, blocks chan<- *scoreBlock) error {
	next, stop := iter.Pull2(plan.Passages)
	defer stop()
	p, err, more := next()
	b := newBlock()
	flush := func() error {
		if len(b.passages) == 0 {
			return nil
		}
		for _, to := range []chan<- *scoreBlock{blocks, todo} {
			select {
			case to <- b:
			case <-ctx.Done():
				if to == todo {
					close(b.done) // nobody works on it any more
				}
				return ctx.Err()
			}
		}
		b = newBlock()
		return nil
	}
	index := 0
	for d, docErr := range plan.Documents {
		if docErr != nil {
			return docErr
		}
		if !more || err != nil {
			break
		}
		if p.Index == index {
			if p.Document != d.ID {
				return fmt.Errorf("passage %d: the store has document %q, the data has %q: they are not the same data", index, p.Document, d.ID)
			}
			b.documents, b.passages = append(b.documents, d), append(b.passages, p)
			if len(b.passages) == blockSize {
				if err := flush(); err != nil {
					return err
				}
			}
			p, err, more = next()
		}
		index++
	}
	if err != nil {
		return err
	}
	if more {
		return fmt.Errorf("passage %d: the data has only %d documents: they are not the same data", p.Index, index)
	}
	return flush()
}
