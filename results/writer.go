package results

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nerbench/internal/parallel"
	"nerbench/ner"
)

// queueLimit is the maximum number of answers that wait for a commit, and so about the
// maximum size of a transaction and of the memory for them, for any number of types. An
// answer that is kept counts again with its passage. Most answers change a page of their
// own in a small transaction, but share pages in a large one.
const queueLimit = 1 << 13

var errClosed = errors.New("store: passage recorded after the writer was closed")

// restFactor is the length of the pause after a commit, in multiples of the
// commit's time; restLimit limits the time that is multiplied.
const (
	restFactor = 2
	restLimit  = 20 * time.Millisecond
)

// Writer stores the answers and passages of one run from many workers. It commits what is
// queued at once, pauses for some milliseconds, and commits what was queued in the
// meantime. A slow run has one commit per answer; a fast one has batches, which share the
// cost of a commit. A half full queue ends the pause.
type Writer struct {
	store *Store
	run   string
	some  chan struct{}         // signals that something is queued, or that the queue is closed
	full  chan struct{}         // signals that the queue is half full, or closed
	done  <-chan error          // closed when the queue is closed and empty
	alone func() (bool, error)  // see [Store.alone]
	err   atomic.Pointer[error] // the first failure; later passages are not stored

	mu      sync.Mutex
	queue   pending
	room    chan struct{} // closed when the queue becomes empty
	blocked int           // number of calls of Record that wait for room
	closed  bool
}

// pending is what waits for a commit.
type pending struct {
	complete, incomplete []ner.Passage
	kept                 []ner.Answer // answers of passages that are not recorded yet
	answers              int          // number of answers in all of these
	committed            []func()     // called when all of these are committed
}

// empty removes everything, and keeps the space for it.
func (p *pending) empty() {
	clear(p.complete)
	clear(p.incomplete)
	clear(p.kept)
	clear(p.committed)
	*p = pending{complete: p.complete[:0], incomplete: p.incomplete[:0], kept: p.kept[:0], committed: p.committed[:0]}
}

func (p *pending) isEmpty() bool { return len(p.complete)+len(p.incomplete)+len(p.kept) == 0 }

// Writer starts a writer for a run that was begun. It must be closed. It continues
// when ctx ends, so that paid answers are stored.
func (s *Store) Writer(ctx context.Context, runID string) *Writer {
	w := &Writer{store: s, run: runID, some: make(chan struct{}, 1), full: make(chan struct{}, 1), room: make(chan struct{})}
	ctx = context.WithoutCancel(ctx)
	w.alone = sync.OnceValues(func() (bool, error) { return s.alone(ctx, runID) })
	w.done = parallel.Go(func() error { w.loop(ctx); return nil })
	return w
}

// Cached returns the wanted completions that are in the store. With [Writer.Record]
// it implements Recorder of package harness/loop. Those that another process has added
// since the run began may be missing.
func (w *Writer) Cached(ctx context.Context, keys []ner.AnswerKey) (map[ner.AnswerKey]ner.Completion, error) {
	alone, err := w.alone()
	if err != nil {
		return nil, err
	}
	if alone {
		keys = slices.DeleteFunc(slices.Clone(keys), func(key ner.AnswerKey) bool { return !w.store.own.answers.mayHave(key) })
	}
	return w.store.Cached(ctx, keys)
}

// Keep stores answers with the next commit, before their passage is recorded. It
// implements Keeper of package harness/loop.
func (w *Writer) Keep(answers ...ner.Answer) {
	if len(answers) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue.kept = append(w.queue.kept, answers...)
	w.added(len(answers))
}

// Committed calls f, which must not block, when all that was recorded before is committed;
// never if a commit has failed. It implements Committer of package harness/loop.
func (w *Writer) Committed(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue.committed = append(w.queue.committed, f)
	signal(w.some)
}

// added counts answers that were queued. It is called with the lock held.
func (w *Writer) added(answers int) {
	w.queue.answers += answers
	signal(w.some)
	if w.queue.answers >= queueLimit/2 {
		signal(w.full)
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // already signalled
	}
}

func drain(c <-chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// Record queues a passage, complete or with some of its answers, and waits while
// the queue is full. It returns the error of an earlier commit, after which no
// passage is stored.
func (w *Writer) Record(ctx context.Context, p ner.Passage, complete bool) error {
	if err := w.failure(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errClosed
	}
	for w.queue.answers >= queueLimit {
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
	if complete {
		w.queue.complete = append(w.queue.complete, p)
	} else {
		w.queue.incomplete = append(w.queue.incomplete, p)
	}
	w.added(len(p.Answers))
	return nil
}

// wait waits until the queue was emptied, without the lock. Close waits for this call.
func (w *Writer) wait(ctx context.Context) error {
	room := w.room
	w.blocked++
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.blocked--
		if w.closed {
			signal(w.some) // the loop may wait for this call only
		}
	}()
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take returns what is queued, and leaves the queue with the space of another one, which
// is empty. It is the last time if the queue is closed, and no call of Record waits.
func (w *Writer) take(empty pending) (queued pending, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	queued, w.queue = w.queue, empty
	if !w.closed { // the signals were about what was taken
		drain(w.some)
		drain(w.full)
	}
	last = w.closed && w.blocked == 0
	close(w.room)
	w.room = make(chan struct{})
	return queued, last
}

// Close waits until all recorded passages are committed, and returns the first
// error. A repeated call returns the same error.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closed = true
	signal(w.some)
	signal(w.full)
	w.mu.Unlock()
	<-w.done
	return w.failure()
}

func (w *Writer) failure() error {
	if err := w.err.Load(); err != nil {
		return *err
	}
	return nil
}

// rest waits for the pause, or until the queue is half full or closed.
func (w *Writer) rest(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-w.full:
	case <-timer.C:
	}
}

// tell tells that what was recorded is committed.
func (w *Writer) tell(committed []func()) {
	for _, f := range committed {
		if err := parallel.Guard(func() error { f(); return nil }); err != nil {
			w.err.Store(&err)
			return
		}
	}
}

func (w *Writer) loop(ctx context.Context) {
	var batch pending
	var before early
	var awake time.Time
	for last := false; !last; {
		<-w.some
		w.rest(time.Until(awake))
		start := time.Now()
		batch, last = w.take(batch)
		if !batch.isEmpty() && w.failure() == nil { // after a failure, Record must not wait for room
			if err := parallel.Guard(func() error {
				return w.store.recordAll(ctx, w.run, batch.complete, batch.incomplete, batch.kept, &before)
			}); err != nil {
				w.err.Store(&err)
			}
			end := time.Now()
			awake = end.Add(restFactor * min(end.Sub(start), restLimit))
		}
		if w.failure() == nil {
			w.tell(batch.committed)
		}
		batch.empty()
	}
}
