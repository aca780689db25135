package harness

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"sync"

	"nerbench/answers"
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
	How      How
	// Metrics are ids with options (METRICS.md §1.5); empty: [DefaultMetrics].
	Metrics []string
	// Queries is the run's query set; where it is not "all", it is part of every
	// metric's id (METRICS.md §1.4).
	Queries string
	// Observe is told of every passage, in order; may be nil.
	Observe func(ner.Passage, *ner.Document, Understood)
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
	// Counters are the other figures that stand beside a score (METRICS.md §14.1).
	Counters map[string]int
}

// Score reads the answers of a run, understands them, and counts. It asks no
// model. Equal answers have equal scores, whatever the number of workers
// (METRICS.md §8.4).
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
	observed  []Understood
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

type scorer struct {
	plan     ScorePlan
	ids      []string
	metrics  []metrics.Metric
	reading  []int // by metric: which of the readings
	readings []*Reading
	scored   Scored
}

func newScorer(plan ScorePlan) (*scorer, error) {
	if len(plan.Metrics) == 0 {
		plan.Metrics = DefaultMetrics
	}
	s := &scorer{plan: plan, scored: Scored{Metrics: map[string]MetricCounts{}, Outcomes: map[ner.Outcome]int{}, Counters: map[string]int{}}}
	// The first reading is the default one: outcomes and counters are of it.
	if err := s.add(plan.How); err != nil {
		return nil, err
	}
	var hows []string
	hows = append(hows, howKey(plan.How))
	for _, id := range plan.Metrics {
		m, options, err := metrics.ParseID(id)
		if err != nil {
			return nil, err
		}
		how := plan.How.With(options)
		at := slices.Index(hows, howKey(how))
		if at < 0 {
			if err := s.add(how); err != nil {
				return nil, err
			}
			hows = append(hows, howKey(how))
			at = len(hows) - 1
		}
		if plan.Queries != "" && plan.Queries != "all" {
			options["queries"] = plan.Queries
		}
		full, err := m.WithOptions(options)
		if err != nil {
			return nil, err
		}
		s.scored.Metrics[full] = MetricCounts{ByType: map[ner.EntityType]ner.Score{}, Reader: answers.Version, Version: metrics.Version}
		s.ids, s.metrics, s.reading = append(s.ids, full), append(s.metrics, m), append(s.reading, at)
	}
	return s, nil
}

// howKey tells readings apart by their choices.
func howKey(h How) string {
	return fmt.Sprintf("%+v %s %s", h.Alignment, h.Unknown, h.Reader)
}

func (s *scorer) add(how How) error {
	r, err := NewReading(how)
	if err != nil {
		return err
	}
	s.readings = append(s.readings, r)
	return nil
}

// work scores the passages of a block.
func (s *scorer) work(b *scoreBlock) {
	b.outcomes, b.counters = map[ner.Outcome]int{}, map[string]int{}
	understood := make([]Understood, len(s.readings))
	for i, p := range b.passages {
		for k, r := range s.readings {
			var err error
			if understood[k], err = r.Passage(b.documents[i], p.Answers); err != nil {
				b.err = errors.Join(b.err, err)
				return
			}
		}
		counts := make([]metrics.Counts, len(s.metrics))
		for k, m := range s.metrics {
			counts[k] = m.Count(&understood[s.reading[k]].Passage)
		}
		b.counts = append(b.counts, counts)
		s.count(b, &understood[0])
		if s.plan.Observe != nil {
			b.observed = append(b.observed, understood[0])
		}
	}
}

// count adds outcomes and counters of one passage.
func (s *scorer) count(b *scoreBlock, u *Understood) {
	for _, p := range u.Predictions {
		if !s.readings[0].HasSpans() || p.Outcome.Failure() {
			b.outcomes[p.Outcome]++
		}
		for _, m := range p.Mentions {
			for _, f := range m.Flags {
				b.counters[string(f)]++
			}
		}
		for _, d := range p.Dropped {
			b.counters[d.Why]++
		}
	}
	spans, strs := metrics.SpanF1(&u.Passage), metrics.UniNERF1(&u.Passage)
	for name, n := range map[string]int{
		"ambiguous": u.Ambiguous, "unaligned": spans.Unaligned, "bad_offsets": spans.BadOffsets,
		"duplicate_gold": spans.DuplicateGold, "duplicate_pred": spans.DuplicatePred,
		"void": strs.Void, "gold_void": strs.GoldVoid,
	} {
		if n > 0 {
			b.counters[name] += n
		}
	}
}

// merge adds a block to the whole, in order.
func (s *scorer) merge(b *scoreBlock) error {
	if b.err != nil || len(b.counts) < len(b.passages) {
		return b.err
	}
	for i := range b.passages {
		for k, id := range s.ids {
			m := s.scored.Metrics[id]
			total := b.counts[i][k].ByType.Total()
			m.Total = m.Total.Add(total)
			m.Passages = append(m.Passages, total)
			metrics.Tally(m.ByType).Merge(b.counts[i][k].ByType)
			s.scored.Metrics[id] = m
		}
		if s.plan.Observe != nil {
			s.plan.Observe(b.passages[i], b.documents[i], b.observed[i])
		}
	}
	s.scored.Passages += len(b.passages)
	addAll(s.scored.Outcomes, b.outcomes)
	addAll(s.scored.Counters, b.counters)
	return nil
}

func addAll[K comparable](into, part map[K]int) {
	for k, n := range maps.All(part) {
		into[k] += n
	}
}
