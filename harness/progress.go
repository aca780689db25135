package harness

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
)

// Progress is the state of a run while its model is asked. It is sent at the
// start, after each passage, and at the end.
type Progress struct {
	Dataset    string   `json:"row"`
	Passages   int      `json:"passages"` // complete ones
	Total      int      `json:"total"`
	Queries    int      `json:"queries"` // sent in this call
	Rate       float64  `json:"queries_per_second"`
	ETA        float64  `json:"eta_seconds"`
	Failures   int      `json:"failures"`   // passages with failed queries
	Unreadable *float64 `json:"unreadable"` // share of the answers, as for F1; null if none was generated
	F1         *float64 `json:"span_f1"`    // over the passages of this call; of a long run, over a part of them
	Slots      int      `json:"slots"`      // passages in work at the moment
	// Done marks the last state of the run.
	Done bool `json:"-"`
	// Scored: F1 and Unreadable are those of all passages of the run, which was scored.
	Scored bool `json:"-"`
}

// judge looks at the answers about a passage, for the state of the run. It returns the
// counts of span_f1 if they are scored, the number of answers that a model wrote, and how
// many of them cannot be read. It is called from several goroutines at once.
type judge func(loop.Finished) (counts ner.Score, completions, unreadable int)

// progress counts finished passages, and sends the state of the run.
type progress struct {
	bench *Bench
	began time.Time
	slots func() int
	judge judge // nil: no answers are parsed

	seen atomic.Int64 // finished passages

	mu                      sync.Mutex
	state                   Progress
	score                   ner.Score
	completions, unreadable int
}

// newProgress starts with the number of passages that the store already has.
func (b *Bench) newProgress(name string, total, done int, slots func() int, judge judge) *progress {
	p := &progress{bench: b, began: time.Now(), slots: slots, judge: judge, state: Progress{Dataset: name, Passages: done, Total: total}}
	p.send()
	return p
}

// send notifies the bench of the state. It is called with the lock held, or before
// other goroutines have p.
func (p *progress) send() {
	state := p.state
	p.bench.notify(Event{Dataset: state.Dataset, Progress: &state})
}

// All passages are parsed up to parsedFirst, and later one of parsedOf: parsing would be
// a tenth of the processor time of a fast run, and all answers are parsed for its scores.
const (
	parsedFirst = 200
	parsedOf    = 8
)

// finished counts a passage. It is called from several goroutines at once.
func (p *progress) finished(f loop.Finished) {
	var counts ner.Score
	completions, unreadable := 0, 0
	n := p.seen.Add(1)
	if p.judge != nil && f.Err == nil && (n <= parsedFirst || n%parsedOf == 0) {
		counts, completions, unreadable = p.judge(f)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &p.state
	switch {
	case f.Err == nil:
		s.Passages++
	case !errors.Is(f.Err, context.Canceled): // an interrupt is no failure
		s.Failures++
	}
	s.Queries += f.Asked
	p.score = p.score.Add(counts)
	if f1, ok := p.score.F1(); ok {
		s.F1 = &f1
	}
	if p.completions, p.unreadable = p.completions+completions, p.unreadable+unreadable; p.completions > 0 {
		share := float64(p.unreadable) / float64(p.completions)
		s.Unreadable = &share
	}
	s.Rate = float64(s.Queries) / max(time.Since(p.began).Seconds(), 1e-3)
	if s.Queries > 0 {
		s.ETA = float64((s.Total-s.Passages)*f.Queries) / s.Rate
	}
	s.Slots = p.slots()
	p.send()
}

// newScoring is the judge of a run on a dataset; nil if its answers are not scored. A
// parser that is missing is an error in any case.
func newScoring(dataset *datasets.Dataset, info results.RunInfo, scored bool) (judge, error) {
	options, err := parseOptions(dataset, info.Keys, info.Facts)
	if err != nil {
		return nil, err
	}
	parser, err := loop.NewPassageParser(options)
	if err != nil || !scored {
		return nil, err
	}
	return func(f loop.Finished) (counts ner.Score, completions, unreadable int) {
		parsed, err := parser.Passage(f.Document, f.Passage.Answers)
		if err != nil {
			return counts, 0, 0
		}
		counts = metrics.Count(metrics.SpanF1, &parsed.Passage).ByType.Total()
		if parser.HasSpans() {
			return counts, 0, 0
		}
		for i := range parsed.Predictions {
			if parsed.Predictions[i].Outcome.Failure() {
				unreadable++
			}
		}
		return counts, len(parsed.Predictions), unreadable
	}, nil
}

// scored replaces the figures of a part of the passages by those of the scored run.
func (p *progress) scored(ctx context.Context, store *results.Store, run string) error {
	if p == nil || p.judge == nil {
		return nil
	}
	info, err := store.Find(ctx, run)
	if err != nil {
		return err
	}
	ids, err := MetricIDs([]string{"span_f1"}, info.Keys)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &p.state
	s.F1, s.Scored = nil, true
	if f1, ok := info.Scores.Metrics[ids[0]].Total.F1(); ok {
		s.F1 = &f1
	}
	if failures, answers := FailureShare(info.Scores.Outcomes); s.Unreadable != nil && answers > 0 {
		share := float64(failures) / float64(answers)
		s.Unreadable = &share
	}
	return nil
}

// end sends the last state.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.ETA, p.state.Done = 0, true
	p.send()
}
