package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/reports"
)

// progress tells on standard error how far a run is: a bar on a terminal, plain
// lines elsewhere, JSON events with --json, nothing with --quiet.
type progress struct {
	began   time.Time
	slots   func() int          // how many passages are asked at once now
	reading *loop.PassageParser // nil: nothing is read for the sake of telling
	show    func(s state, last bool)
	end     func() // after the last state was shown

	mu       sync.Mutex
	state    state
	lastShow time.Time
}

// state is what there is to tell.
type state struct {
	Dataset    string   `json:"row"`
	Passages   int      `json:"passages"`
	Total      int      `json:"total"`
	Queries    int      `json:"queries"`
	Rate       float64  `json:"queries_per_second"`
	ETA        float64  `json:"eta_seconds"`
	Failures   int      `json:"failures"`   // passages that could not be asked
	Unreadable *float64 `json:"unreadable"` // share of the answers; null if none was generated
	F1         *float64 `json:"span_f1"`
	Slots      int      `json:"slots"` // passages that are asked at once now

	score            ner.Score
	read, unreadable int // answers
}

// every is the time between two lines where there is no bar.
const every = 5 * time.Second

// newProgress begins. done passages are there already.
func (env *environment) newProgress(dataset string, total, done int, reading *loop.PassageParser, slots func() int, notes *datasetNotes) *progress {
	p := &progress{began: time.Now(), reading: reading, slots: slots, end: func() {}}
	p.state = state{Dataset: dataset, Total: total, Passages: done}
	switch {
	case env.quiet:
		p.show, p.reading = func(state, bool) {}, nil
	case env.json:
		enc := json.NewEncoder(env.stderr)
		p.show = p.paced(func(s state) { _ = enc.Encode(s) }) // progress is not worth an error
	case isTerminal(env.stderr):
		p.bar(env.stderr, notes)
	default:
		p.show = p.paced(func(s state) { env.note("%s: %d of %d passages, %s", s.Dataset, s.Passages, s.Total, s.rest()) })
	}
	return p
}

// paced calls show now and then, and at the end.
func (p *progress) paced(show func(state)) func(state, bool) {
	return func(s state, last bool) {
		if last || time.Since(p.lastShow) >= every {
			p.lastShow = time.Now()
			show(s)
		}
	}
}

// rest is what a line tells beside the number of passages.
func (s state) rest() string {
	parts := []string{fmt.Sprintf("%.0f queries/s", s.Rate), "span F1 so far " + reports.Percent(s.F1)}
	if s.Unreadable != nil {
		parts = append(parts, "unreadable "+reports.Percent(s.Unreadable)+"%")
	}
	if s.Slots > 0 {
		parts = append(parts, fmt.Sprintf("%d at once", s.Slots))
	}
	if s.ETA > 0 {
		parts = append(parts, (time.Duration(s.ETA)*time.Second).String()+" left")
	}
	if s.Failures > 0 {
		parts = append(parts, fmt.Sprintf("%d passages failed", s.Failures))
	}
	return strings.Join(parts, ", ")
}

// bar draws a bar that rewrites its line. The bar reads its text when it draws,
// in a goroutine of its own, which must never wait for us.
func (p *progress) bar(w io.Writer, notes *datasetNotes) {
	var text atomic.Value
	text.Store("")
	container := mpb.New(mpb.WithOutput(w), mpb.WithWidth(32))
	bar := container.AddBar(int64(p.state.Total),
		mpb.PrependDecorators(decor.Name(p.state.Dataset+" "), decor.CountersNoUnit("%d/%d")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return text.Load().(string) })))
	notes.under(container)
	p.show = func(s state, _ bool) {
		text.Store(" " + s.rest())
		bar.SetCurrent(int64(s.Passages))
	}
	p.show(p.state, false)
	p.end = func() {
		notes.under(nil)
		bar.Abort(false) // keeps what it shows
		container.Wait()
	}
}

// finished takes a passage in. It is called from several goroutines at once.
func (p *progress) finished(f loop.Finished) {
	var counts ner.Score
	read, unreadable := 0, 0
	if p.reading != nil && f.Err == nil {
		if u, err := p.reading.Passage(f.Document, f.Passage.Answers); err == nil {
			counts = spanCounts(&u)
			read, unreadable = p.answersOf(&u)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &p.state
	switch {
	case f.Err == nil:
		s.Passages++
	case !errors.Is(f.Err, context.Canceled): // stopped by the user: no failure
		s.Failures++
	}
	s.Queries += f.Asked
	s.score = s.score.Add(counts)
	if f1, ok := s.score.F1(); ok {
		s.F1 = &f1
	}
	if s.read, s.unreadable = s.read+read, s.unreadable+unreadable; s.read > 0 {
		share := float64(s.unreadable) / float64(s.read)
		s.Unreadable = &share
	}
	s.Rate = float64(s.Queries) / max(time.Since(p.began).Seconds(), 1e-3)
	if s.Queries > 0 {
		s.ETA = float64((s.Total-s.Passages)*f.Queries) / s.Rate
	}
	s.Slots = p.slots()
	p.show(*s, false)
}

// answersOf counts the answers of a passage that a model generated, and those of
// them that cannot be read.
func (p *progress) answersOf(u *loop.ParsedPassage) (read, unreadable int) {
	if p.reading.HasSpans() {
		return 0, 0
	}
	for i := range u.Predictions {
		if u.Predictions[i].Outcome.Failure() {
			unreadable++
		}
	}
	return len(u.Predictions), unreadable
}

// close tells the last state.
func (p *progress) close() {
	p.mu.Lock()
	p.state.ETA = 0
	p.show(p.state, true)
	p.mu.Unlock()
	p.end()
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
