package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/internal/retry"
	"nerbench/runners/open"
)

// Worker answers the passages of a fleet with a model of its machine.
type Worker struct {
	// Join is the file of the coordinator, or the address of a NATS server.
	Join string
	// Spec has the name of the model, and the settings of this machine.
	Spec open.Spec
	// UntilIdle ends the worker when it had no passage for so long; 0: it never ends.
	UntilIdle time.Duration
	Build     string // of this program
	Times     Times
	// Note is called with messages for the user, from several goroutines at once.
	Note func(string)

	id    string
	node  string
	group parallel.Group // of passages and their answers
	wake  chan struct{}  // something has changed: send a beat

	opening sync.Mutex // held while a model is opened: two may not fit into the memory
	kept    open.Kept  // the last model, for the next job

	mu      sync.Mutex
	link    *link          // nil: not connected
	changed chan struct{}  // closed when link changes
	loaded  *loaded        // nil: no model is open
	inWork  map[*work]bool // passages that are computed, or whose answers are not taken
	done    int64
	failed  int64
	problem string
	fatal   error     // that ends the worker
	active  time.Time // of the last passage, or of opening a model
	resting time.Time // until when no passage is pulled
	said    string    // the last note about the connection
}

// link is a connection.
type link struct {
	conn     *nats.Conn
	subjects subjects
	ctx      context.Context // ends with the connection
}

// Run works until the context ends, the worker is refused, or it was idle for too long.
// It returns the error of the context, or a usage error if it was refused.
func (w *Worker) Run(ctx context.Context) error {
	w.Times = w.Times.withDefaults()
	if w.Note == nil {
		w.Note = func(string) {}
	}
	w.id, w.wake, w.changed, w.inWork, w.active = rand.Text(), make(chan struct{}, 1), make(chan struct{}), map[*work]bool{}, time.Now()
	w.node, _ = os.Hostname()
	live, cancel := context.WithCancel(ctx)
	defer cancel()
	err := w.work(live)
	cancel()
	w.closeModel()
	w.group.Wait()
	w.kept.Close() // of one that was opened meanwhile
	return err
}

// closeModel closes the model, if one is open or kept.
func (w *Worker) closeModel() {
	w.mu.Lock()
	l := w.loaded
	w.loaded = nil
	w.mu.Unlock()
	if l != nil {
		l.close()
	}
	w.kept.Close()
}

// errIdle ends a worker that has nothing to do.
var errIdle = errors.New("idle")

func (w *Worker) work(ctx context.Context) error {
	for {
		err := w.connected(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && err != errIdle:
			return err
		case err == errIdle || w.idle():
			w.Note(fmt.Sprintf("no passages for %s: done", w.UntilIdle))
			return nil
		}
		if err := retry.Sleep(ctx, w.Times.Dial/4); err != nil { // a coordinator that was started again awaits its workers
			return err
		}
	}
}

// idle reports whether there was no work for too long.
func (w *Worker) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k := range w.inWork {
		if k.answer == nil {
			return false
		}
	}
	return w.UntilIdle > 0 && time.Since(w.active) > w.UntilIdle
}

// busy notes that there is work.
func (w *Worker) busy() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = time.Now()
}

// connected connects as the file says now, and works until the connection is lost, which
// is no error.
func (w *Worker) connected(ctx context.Context) error {
	f, err := readJoin(w.Join)
	if err != nil {
		if errors.As(err, new(*fault.UsageError)) {
			return err
		}
		w.say(fmt.Sprintf("waiting for a coordinator: %v (%s)", err, coordinatorAdvice))
		return nil
	}
	lost := make(chan struct{})
	conn, err := f.connect(ctx, "nerbench worker", nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(lost) }))
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.say(fmt.Sprintf("%s cannot be reached: %v; trying again", f.place(), withoutSource(err)))
		return nil
	}
	defer conn.Close()
	w.say("connected with " + withoutLogin(conn.ConnectedUrl()))
	s := &session{worker: w, live: ctx, subjects: f.subjects(), conn: conn, lost: lost, opened: make(chan error, 1)}
	linked, cut := context.WithCancel(ctx)
	defer cut()
	w.use(&link{conn, s.subjects, linked})
	defer w.use(nil)
	err = s.run(ctx)
	if err != nil && !conn.IsClosed() {
		w.closeModel()
		s.leave(err)
	}
	return err
}

// withoutSource is a failure to connect without the port of this side, which is another one
// each time.
func withoutSource(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return &net.OpError{Op: op.Op, Net: op.Net, Addr: op.Addr, Err: op.Err}
	}
	return err
}

// say notes something about the connection once.
func (w *Worker) say(text string) {
	if w.said != text {
		w.said = text
		w.Note(text)
	}
}

// use changes the connection. Answers that were not taken are sent again.
func (w *Worker) use(l *link) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.link = l
	close(w.changed)
	w.changed = make(chan struct{})
	if l == nil && w.loaded != nil {
		w.loaded.pause()
	}
}

// state is the next beat.
func (w *Worker) state(inSession string, job int) beat {
	w.mu.Lock()
	defer w.mu.Unlock()
	var servers []string
	for _, s := range w.Spec.Servers {
		servers = append(servers, open.WithoutLogin(s))
	}
	b := beat{
		Protocol: Protocol, Build: w.Build, Worker: w.id, Node: w.node, Process: os.Getpid(), Model: w.Spec.Name,
		Server: strings.Join(servers, " "), InWork: len(w.inWork), Done: w.done, Failed: w.failed, Problem: w.problem,
	}
	if l := w.loaded; l != nil && inSession != "" {
		b.Session, b.Job, b.Opened, b.Counts = inSession, job, &l.about, l.counts()
		b.Slots = l.model.AtOnce()
	}
	return b
}

// poke asks for a beat.
func (w *Worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// ended is the failure that ends the worker; nil: there is none.
func (w *Worker) ended() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fatal
}

// fail notes why the worker cannot work; empty: it can.
func (w *Worker) fail(problem string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if problem != "" && problem != w.problem {
		w.Note(problem + "; trying again")
	}
	w.problem = problem
}

// slots is the number of passages at once.
func (w *Worker) slots() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.loaded == nil {
		return 0
	}
	return w.loaded.model.AtOnce()
}
