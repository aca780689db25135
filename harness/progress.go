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
	F1         *float64 `json:"span_f1"`    // over the passages of this call; of a long run, over a part
	Slots      int      `json:"slots"`      // passages in work at the moment
	// Done marks the last state of the run.
	Done bool `json:"-"`
}

// progress counts finished passages, and sends the state of the run.
type progress struct {
	bench  *Bench
	began  time.Time
	slots  func() int
	parser *loop.PassageParser // nil: no answers are parsed

	seen atomic.Int64 // finished passages

	mu                      sync.Mutex
	state                   Progress
	score                   ner.Score
	completions, unreadable int
}

// newProgress starts with the number of passages that the store already has.
func (b *Bench) newProgress(dataset *datasets.Dataset, keys, facts map[string]string, total, done int, slots func() int, scored bool) (*progress, error) {
	p := &progress{bench: b, began: time.Now(), slots: slots, state: Progress{Dataset: dataset.ID, Passages: done, Total: total}}
	options, err := parseOptions(dataset, keys, facts)
	if err != nil {
		return nil, err
	}
	// A missing parser is an error now, not after hours of inference.
	parser, err := loop.NewPassageParser(options)
	if err != nil {
		return nil, err
	}
	if scored {
		p.parser = parser
	}
	p.send()
	return p, nil
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
	if p.parser != nil && f.Err == nil && (n <= parsedFirst || n%parsedOf == 0) {
		if parsed, err := p.parser.Passage(f.Document, f.Passage.Answers); err == nil {
			counts = metrics.Count(metrics.SpanF1, &parsed.Passage).ByType.Total()
			completions, unreadable = p.readable(&parsed)
		}
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

// readable counts the answers of a passage that a model generated, and those of
// them that cannot be parsed.
func (p *progress) readable(parsed *loop.ParsedPassage) (completions, unreadable int) {
	if p.parser.HasSpans() {
		return 0, 0
	}
	for i := range parsed.Predictions {
		if parsed.Predictions[i].Outcome.Failure() {
			unreadable++
		}
	}
	return len(parsed.Predictions), unreadable
}

// end sends the last state.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.ETA, p.state.Done = 0, true
	p.send()
}
