package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/internal/terminal"
	"nerbench/ner"
)

// display prints events on standard error: a bar on a terminal, else lines, JSON
// objects with --json, nothing with --quiet. It drops some of the frequent notes.
type display struct {
	mu      sync.Mutex
	bar     *mpb.Bar
	bars    *mpb.Progress // writes notes above the bar; nil: there is no bar
	text    atomic.Value  // text of the bar
	drawn   time.Time     // time of the last change of the bar
	shown   time.Time     // time of the last line of progress
	looked  bool          // whether it is known if somebody watches
	watched bool          // whether standard error is a terminal
	noted   time.Time     // time of the last frequent note
	dropped int           // number of dropped notes since then
	printed map[string]bool
}

// every is the time between two lines of progress without a bar.
const every = 5 * time.Second

// drawEvery is the least time between two changes of the bar.
const drawEvery = 50 * time.Millisecond

// between is the least time between two frequent notes.
const between = time.Second

// event prints notes and progress. It is called from several goroutines at once.
func (env *environment) event(e harness.Event) {
	if env.quiet || e.Result != nil {
		return
	}
	d := &env.shown
	d.mu.Lock()
	defer d.mu.Unlock()
	if e.Progress != nil {
		d.progress(env, e.Progress)
		return
	}
	text := e.Note
	if e.Frequent {
		if time.Since(d.noted) < between {
			d.dropped++
			return
		}
		if d.dropped > 0 {
			text += fmt.Sprintf(" (and %s)", ner.Count(d.dropped, "similar note"))
		}
		d.noted, d.dropped = time.Now(), 0
	}
	if e.Dataset != "" {
		text = e.Dataset + ": " + text
	}
	if d.printed[text] { // print each note once
		return
	}
	if d.printed == nil {
		d.printed = map[string]bool{}
	}
	d.printed[text] = !e.Frequent
	if d.bars != nil {
		fmt.Fprintf(d.bars, "nerbench: %s\n", terminal.Line(text)) // ignore errors of notes
		return
	}
	env.note("%s", text)
}

// progress prints the state of a run. It is called with the lock held.
func (d *display) progress(env *environment, p *harness.Progress) {
	if !d.looked { // once: asking the system for each passage would take time
		d.looked, d.watched = true, isTerminal(behind(env.stderr))
	}
	if !env.json && d.watched {
		if d.bars == nil || p.Done || time.Since(d.drawn) >= drawEvery {
			d.drawn = time.Now()
			d.draw(behind(env.stderr), p)
		}
		return
	}
	if !p.Done && (p.Queries == 0 || time.Since(d.shown) < every) {
		return
	}
	d.shown = time.Now()
	if env.json {
		_ = json.NewEncoder(env.stderr).Encode(p) // ignore errors of progress
		return
	}
	env.note("%s: %d of %d passages, %s", p.Dataset, p.Passages, p.Total, texts.Progress(p))
}

// draw updates the bar.
func (d *display) draw(w io.Writer, p *harness.Progress) {
	d.text.Store(" " + texts.Progress(p))
	if d.bars == nil {
		d.bars = mpb.New(mpb.WithOutput(w), mpb.WithWidth(32))
		d.bar = d.bars.AddBar(int64(p.Total),
			mpb.PrependDecorators(decor.Name(terminal.Line(p.Dataset)+" "), decor.CountersNoUnit("%d/%d")),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return d.text.Load().(string) })))
	}
	d.bar.SetCurrent(int64(p.Passages))
	if p.Done {
		d.endBar()
	}
}

// endBar ends the bar in its last state. It is called with the lock held.
func (d *display) endBar() {
	if d.bars == nil {
		return
	}
	d.bar.Abort(false)
	d.bars.Wait()
	d.bar, d.bars = nil, nil
}

// end ends the bar, even if the run was interrupted.
func (d *display) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endBar()
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
