package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"nerbench/harness"
	"nerbench/ner"
)

// progress tells on standard error how far a run is: a bar on a terminal, plain
// lines elsewhere, JSON events with --json, nothing with --quiet.
type progress struct {
	name  string
	total int
	began time.Time
	show  func(state, bool)
	done  func()

	mu       sync.Mutex
	state    state
	reading  *harness.Reading
	lastLine time.Time
}

// state is what there is to tell.
type state struct {
	Row      string   `json:"row"`
	Passages int      `json:"passages"`
	Total    int      `json:"total"`
	Queries  int      `json:"queries"`
	Rate     float64  `json:"queries_per_second"`
	ETA      float64  `json:"eta_seconds"`
	Failures int      `json:"failures"` // passages that could not be asked
	F1       *float64 `json:"span_f1"`
	score    ner.Score
}

// every is the time between two lines where there is no bar.
const every = 5 * time.Second

// newProgress begins. done passages are there already.
func (env *environment) newProgress(row string, total, done int, reading *harness.Reading) *progress {
	p := &progress{name: row, total: total, began: time.Now(), reading: reading, done: func() {}}
	p.state = state{Row: row, Total: total, Passages: done}
	switch {
	case env.quiet:
		p.show, p.reading = func(state, bool) {}, nil
	case env.json:
		enc := json.NewEncoder(env.stderr)
		p.show = p.paced(func(s state) { _ = enc.Encode(s) }) // progress is not worth an error
	case isTerminal(env.stderr):
		p.bar(env.stderr, done)
	default:
		p.show = p.paced(func(s state) { fmt.Fprintf(env.stderr, "nerbench: %s\n", s.line()) })
	}
	return p
}

// paced calls show now and then, and at the end.
func (p *progress) paced(show func(state)) func(state, bool) {
	return func(s state, last bool) {
		if last || time.Since(p.lastLine) >= every {
			p.lastLine = time.Now()
			show(s)
		}
	}
}

func (s state) line() string {
	f1 := "–"
	if s.F1 != nil {
		f1 = fmt.Sprintf("%.1f", *s.F1*100)
	}
	line := fmt.Sprintf("%s: %d of %d passages, %.0f queries/s, span F1 so far %s", s.Row, s.Passages, s.Total, s.Rate, f1)
	if s.ETA > 0 {
		line += fmt.Sprintf(", %s left", (time.Duration(s.ETA) * time.Second).String())
	}
	if s.Failures > 0 {
		line += fmt.Sprintf(", %d failed", s.Failures)
	}
	return line
}

// bar draws a bar that rewrites its line.
func (p *progress) bar(w io.Writer, done int) {
	container := mpb.New(mpb.WithOutput(w), mpb.WithWidth(32))
	bar := container.AddBar(int64(p.total),
		mpb.PrependDecorators(decor.Name(p.name+" "), decor.CountersNoUnit("%d/%d")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			p.mu.Lock()
			defer p.mu.Unlock()
			s := p.state
			_, rest, _ := cutLine(s.line())
			return rest
		})))
	bar.SetCurrent(int64(done))
	p.show = func(s state, _ bool) { bar.SetCurrent(int64(s.Passages)) }
	p.done = func() {
		bar.Abort(false)
		container.Wait()
	}
}

// cutLine takes the part of a line that the bar does not show itself.
func cutLine(line string) (head, rest string, ok bool) {
	const mark = " passages, "
	for i := 0; i+len(mark) <= len(line); i++ {
		if line[i:i+len(mark)] == mark {
			return line[:i], " " + line[i+len(mark):], true
		}
	}
	return line, "", false
}

// finished takes a passage in. It is called from several goroutines at once.
func (p *progress) finished(f harness.Finished) {
	var counts ner.Score
	if p.reading != nil && f.Err == nil {
		if u, err := p.reading.Passage(f.Document, f.Passage.Answers); err == nil {
			counts = spanCounts(&u)
		}
	}
	p.mu.Lock()
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
	elapsed := time.Since(p.began).Seconds()
	s.Rate = float64(s.Queries) / max(elapsed, 1e-3)
	if s.Queries > 0 && s.Passages > 0 && s.Rate > 0 {
		perPassage := float64(f.Queries)
		s.ETA = float64(s.Total-s.Passages) * perPassage / s.Rate
	}
	now := *s
	p.mu.Unlock()
	p.tell(now, false)
}

var telling sync.Mutex // lines of several goroutines do not mix

func (p *progress) tell(s state, last bool) {
	telling.Lock()
	defer telling.Unlock()
	p.show(s, last)
}

// end tells the last state.
func (p *progress) end() {
	p.mu.Lock()
	s := p.state
	p.mu.Unlock()
	s.ETA = 0
	p.tell(s, true)
	p.done()
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
