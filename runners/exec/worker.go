package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"nerbench/internal/retry"
	"nerbench/ner"
	"nerbench/runners"
)

// kind is a kind of failures.
type kind int

const (
	wrong  kind = iota // an answer that cannot be used
	late               // no answer in time
	broken             // the process ended, or broke the protocol
	kinds
)

// most is the number of failures of one kind after which a passage is given up. A failure
// counts if the passage is known to be the cause: its own answer was wrong, or the process
// was asked nothing else, so that nothing of another passage can be left in it.
var most = [kinds]int{wrong: 2, late: 2, broken: 3}

// mostStarts is the number of starts of a process, without an answer between them, after
// which its passages fail.
const mostStarts = 3

const (
	// linger is the time that passages wait for others that come at the same time, if the
	// program takes several at once.
	linger = 5 * time.Millisecond
	// lastLook is the time after a deadline in which an answer still counts: nerbench may
	// have been stopped, and not the program.
	lastLook = time.Second
)

// task is one passage for a program.
type task struct {
	queries  []ner.Query
	document *ner.Document
	types    []ner.EntityType
	labels   map[ner.EntityType][]string
	body     []byte // of its line: all members but the first ones, with the brace at the end

	left     atomic.Bool // nobody waits for the answer any more
	done     chan result // has room for the one result
	sent     time.Time
	failures [kinds]int // that this passage caused
	alone    bool       // it may have ended a process: no other passage may be in its process
}

type result struct {
	completions []ner.Completion
	err         error
}

// worker asks one process at a time. All its fields belong to its goroutine.
type worker struct {
	runner  *Runner
	name    string
	process *process
	last    time.Time        // of the last answer, or the first passage since there was none
	flight  map[string]*task // in the process, by id
	order   []*task          // of flight, as sent
	fresh   []*task          // to be sent
	suspect []*task          // to be sent alone
	fails   int              // of the process in a row, without an answer
	lingers <-chan time.Time // nil: fresh tasks can be sent
	fatal   error            // nothing is asked any more
}

// run works until the runner is closed.
func (w *worker) run() {
	w.flight = map[string]*task{}
	for {
		if !w.send() {
			return
		}
		var in chan *task
		if w.accepts() {
			in = w.runner.queue
		}
		var lines chan line
		if w.process != nil {
			lines = w.process.lines
		}
		var deadline <-chan time.Time
		if len(w.flight) > 0 {
			deadline = w.after(time.Until(w.last.Add(w.runner.config.Timeout)))
		}
		select {
		case t := <-in:
			if len(w.fresh) == 0 && w.runner.batch > 1 {
				w.lingers = w.after(linger)
			}
			w.fresh = append(w.fresh, t)
		case <-w.lingers:
			w.lingers = nil
			w.fill()
		case l := <-lines:
			w.hear(l)
		case <-deadline:
			w.late()
		case <-w.runner.closed:
			w.close()
			return
		}
	}
}

// after is time.After, except in tests.
func (w *worker) after(d time.Duration) <-chan time.Time {
	if after := w.runner.config.after; after != nil {
		return after(w.process, d)
	}
	return time.After(d)
}

// fill takes the passages that wait already. The order of events, by which they could come
// too late for this batch, says nothing on a busy machine.
func (w *worker) fill() {
	for w.accepts() {
		select {
		case t := <-w.runner.queue:
			w.fresh = append(w.fresh, t)
		default:
			return
		}
	}
}

// accepts reports whether the process takes another passage. A program that takes
// several at once has enough to do as long as half of them are unanswered.
func (w *worker) accepts() bool {
	batch := w.runner.batch
	return len(w.suspect) == 0 && !w.busyAlone() && len(w.flight)+len(w.fresh) < batch && len(w.flight) <= batch/2
}

// busyAlone reports whether the process has a passage that is asked alone.
func (w *worker) busyAlone() bool { return len(w.order) == 1 && w.order[0].alone }

// send sends the tasks that the process can take now. It returns false if the runner was
// closed meanwhile.
func (w *worker) send() bool {
	w.fresh, w.suspect = waiting(w.fresh), waiting(w.suspect)
	var tasks []*task
	if w.fatal != nil {
		w.answer(slices.Concat(w.suspect, w.fresh), result{err: w.fatal})
		w.suspect, w.fresh, w.lingers = nil, nil, nil
		return true
	}
	switch full := len(w.flight)+len(w.fresh) >= w.runner.batch; {
	case w.busyAlone():
		return true
	case len(w.suspect) > 0 && len(w.flight) > 0:
		return true
	case len(w.suspect) > 0:
		tasks, w.suspect = w.suspect[:1], w.suspect[1:]
		tasks[0].alone = true
	case len(w.fresh) > 0 && (w.lingers == nil || full):
		tasks, w.fresh, w.lingers = w.fresh, nil, nil
	default:
		return true
	}
	if w.process == nil {
		if err := w.start(); err != nil {
			if errors.Is(err, errClosed) {
				w.answer(tasks, result{err: errClosed})
				w.close()
				return false
			}
			w.answer(slices.Concat(tasks, w.suspect, w.fresh), result{err: err})
			w.suspect, w.fresh, w.lingers = nil, nil, nil
			return true
		}
	}
	var b []byte
	p := w.process
	if len(w.flight) == 0 {
		w.last = time.Now()
	}
	for i, t := range tasks {
		p.asked++
		id := strconv.Itoa(p.asked)
		b = fmt.Appendf(b, `{"id":"%s","more":%d,%s`+"\n", id, len(tasks)-1-i, t.body)
		t.sent = time.Now()
		w.flight[id], w.order = t, append(w.order, t)
	}
	select {
	case p.writes <- b:
	default: // there is room for each unanswered passage
		w.fail(runners.Mark(errors.New("it answers passages that it has not read"), runners.ErrMisread), nil)
	}
	return true
}

// waiting are the tasks whose answer somebody waits for.
func waiting(tasks []*task) []*task {
	return slices.DeleteFunc(tasks, func(t *task) bool { return t.left.Load() })
}

func (w *worker) answer(tasks []*task, r result) {
	for _, t := range tasks {
		t.done <- r
	}
}

// start starts a process. After the second failure in a row, it waits, and longer after
// each further one.
func (w *worker) start() error {
	r := w.runner
	for {
		if w.fails > 1 {
			backoff := retry.Backoff{First: r.config.Pause, Longest: 4 * r.config.Pause}
			if retry.Sleep(r.life, backoff.Wait(w.fails-1)) != nil {
				return errClosed
			}
		}
		p, h, err := r.start(r.life, w.name)
		if err == nil && !h.same(r.hello) {
			p.kill()
			err = runners.Mark(fmt.Errorf("another process of the program has another hello: %s, before %s", h, r.hello), runners.ErrFatal)
		}
		switch {
		case r.life.Err() != nil:
			if err == nil {
				p.kill()
			}
			return errClosed
		case err == nil:
			w.process = p
			return nil
		}
		w.fails++
		r.failed(err)
		if errors.Is(err, runners.ErrFatal) {
			return r.wrap(err)
		}
		if w.fails >= mostStarts {
			w.fails = 0
			return r.wrap(runners.Mark(err, runners.ErrTemporary))
		}
	}
}

// hear handles a line of the process, or the end of its output.
func (w *worker) hear(l line) {
	r := w.runner
	if l.err != nil {
		if err := w.process.stopped(l.err, inTheMiddle, r.config.Command[0], r.config.Grace); err != nil {
			w.fail(err, nil)
		} else {
			w.retire()
		}
		return
	}
	id, a, err := readAnswer(l.text)
	if _, bad := errors.AsType[*badAnswer](err); err != nil && !bad {
		w.fail(err, nil)
		return
	}
	t, known := w.flight[id]
	if !known {
		if n, err := strconv.Atoi(id); err == nil && n >= 1 && n <= w.process.asked && strconv.Itoa(n) == id {
			w.fail(runners.Mark(fmt.Errorf("passage %s was answered twice", id), runners.ErrMisread), elsewhere)
		} else {
			w.fail(runners.Mark(fmt.Errorf("an answer has the id %s: no such passage was asked", quoted([]byte(id))), runners.ErrMisread), nil)
		}
		return
	}
	var completions []ner.Completion
	if err == nil {
		completions, err = t.completions(r.hello.Answers, a)
	}
	if err != nil {
		w.fail(err, t)
		return
	}
	for i := range completions {
		completions[i].Duration = time.Since(t.sent)
	}
	w.fails, w.last, w.process.answered = 0, time.Now(), true
	delete(w.flight, id)
	w.order = slices.DeleteFunc(w.order, func(o *task) bool { return o == t })
	r.credit.answered()
	t.done <- result{completions: completions}
}

// late handles a deadline.
func (w *worker) late() {
	select {
	case l := <-w.process.lines:
		w.hear(l)
	case <-w.runner.closed:
	case <-w.after(lastLook):
		w.fail(runners.Mark(fmt.Errorf("no answer within %s%s", w.runner.config.Timeout, w.process.lastWords()), context.DeadlineExceeded), nil)
	}
}

// retire leaves the passages of a process that ended by its own will to the next one.
func (w *worker) retire() {
	if w.busyAlone() {
		w.suspect = slices.Concat(w.order, w.suspect)
	} else {
		w.fresh = slices.Concat(w.order, w.fresh)
	}
	w.process, w.order = nil, nil
	clear(w.flight)
}

// elsewhere is the culprit of a failure that no passage in the process has caused.
var elsewhere = &task{}

// fail ends the process after a failure. Its passages are asked again in a fresh one: the
// culprit first and alone; if it is unknown (nil), all of them alone, one after the other,
// so that it is found. The only passage of a process that was asked others before is not
// known to be the culprit: the program may have failed late because of one of them.
func (w *worker) fail(err error, culprit *task) {
	r := w.runner
	if culprit == nil && len(w.order) == 1 && w.process.asked == 1 {
		culprit = w.order[0]
	}
	w.process.kill()
	w.process = nil
	flight := waiting(w.order)
	w.order = nil
	clear(w.flight)
	r.failed(err)
	if kindOf(err) == wrong { // the process itself was well
		w.fails = 0
	} else if w.fails++; !r.credit.spend() {
		w.fatal = r.wrap(runners.Mark(fmt.Errorf("the program fails too often: %w", err), runners.ErrFatal))
		w.fresh = append(flight, w.fresh...)
		return
	}
	for i := len(flight) - 1; i >= 0; i-- {
		switch t := flight[i]; {
		case culprit == nil:
			w.suspect = slices.Insert(w.suspect, 0, t)
		case t != culprit:
			w.fresh = slices.Insert(w.fresh, 0, t)
		default:
			k := kindOf(err)
			if t.failures[k]++; t.failures[k] >= most[k] {
				w.giveUp(t, err)
			} else {
				w.suspect = slices.Insert(w.suspect, 0, t)
			}
		}
	}
}

// kindOf is the kind of a failure.
func kindOf(err error) kind {
	if _, bad := errors.AsType[*badAnswer](err); bad {
		return wrong
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return late
	}
	return broken
}

// giveUp answers a task that failed too often. A wrong answer counts as a refusal, so that
// the passage is complete; a passage without an answer is not.
func (w *worker) giveUp(t *task, err error) {
	if bad, ok := errors.AsType[*badAnswer](err); ok {
		out := make([]ner.Completion, len(t.queries))
		for i := range out {
			out[i] = ner.Completion{Text: bad.Error(), Finish: ner.FinishRefused, Duration: time.Since(t.sent)}
		}
		t.done <- result{completions: out}
		return
	}
	t.done <- result{err: w.runner.wrap(runners.Mark(fmt.Errorf("%w (%d attempts)", err, t.failures[kindOf(err)]), runners.ErrTemporary))}
}

// close ends the process: by the end of its input, or at once if it has unanswered
// passages, or was asked nothing and may still load its model.
func (w *worker) close() {
	w.answer(slices.Concat(w.order, w.suspect, w.fresh), result{err: errClosed})
	if w.process == nil {
		return
	}
	if len(w.order) > 0 || w.process.asked == 0 {
		w.process.kill()
	} else if err := w.process.end(w.runner.config.Grace); err != nil {
		w.runner.note(err.Error())
	}
	w.process = nil
}
