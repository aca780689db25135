package results

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"nerbench/ner"
)

// queueLimit is the number of passages that may wait for a commit, and so the
// size of a transaction.
const queueLimit = 256

var errClosed = errors.New("store: passage recorded after the writer was closed")

// restFactor is how long a writer rests after a commit, in times of what the
// commit took, and restLimit what counts at most.
const (
	restFactor = 2
	restLimit  = 20 * time.Millisecond
)

// Writer keeps the passages of one run that many workers finish. It commits
// what is queued, at once, rests for some milliseconds, and commits what was
// queued meanwhile: a slow run has a commit for each passage, a fast one has
// batches, so that the costs of a commit are shared by many. A queue that fills
// up ends the rest.
type Writer struct {
	store *Store
	run   string
	queue chan finished
	wake  chan struct{}         // told when the queue fills up
	done  chan struct{}         // closed when the queue is empty for ever
	err   atomic.Pointer[error] // the first failure; nothing is kept after it

	mu     sync.RWMutex // held for writing to close the queue
	closed bool
}

type finished struct {
	passage  ner.Passage
	complete bool
}

// Writer starts a writer for a run that was begun. It must be closed. Ending ctx
// does not end it: answers that were paid for are kept.
func (s *Store) Writer(ctx context.Context, runID string) *Writer {
	w := &Writer{store: s, run: runID, queue: make(chan finished, queueLimit), wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.loop(context.WithoutCancel(ctx))
	return w
}

// Known returns those of the wanted completions that the store has. With
// [Writer.Record] it is what harness.Recorder asks for.
func (w *Writer) Cached(ctx context.Context, keys []ner.AnswerKey) (map[ner.AnswerKey]ner.Completion, error) {
	return w.store.Cached(ctx, keys)
}

// Record queues a passage, complete or with the answers that were had of it, and
// waits while the queue is full. It returns the error of an earlier commit, after
// which nothing is kept any more.
func (w *Writer) Record(ctx context.Context, p ner.Passage, complete bool) error {
	if err := w.failure(); err != nil {
		return err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- finished{p, complete}:
		if len(w.queue) >= queueLimit/2 {
			select {
			case w.wake <- struct{}{}:
			default: // it was told
			}
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close waits until everything that was recorded is committed, and returns the first
// error. Closing again returns it again.
func (w *Writer) Close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
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

// rest waits, or until the queue fills up.
func (w *Writer) rest(d time.Duration) {
	select { // a word of before is of no interest
	case <-w.wake:
	default:
	}
	if d <= 0 || len(w.queue) >= queueLimit/2 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-w.wake:
	case <-timer.C:
	}
}

func (w *Writer) loop(ctx context.Context) {
	defer close(w.done)
	var complete, incomplete []ner.Passage
	var awake time.Time
	for f := range w.queue {
		w.rest(time.Until(awake))
		start := time.Now()
		complete, incomplete = complete[:0], incomplete[:0]
		for n := len(w.queue); ; n-- {
			if f.complete {
				complete = append(complete, f.passage)
			} else {
				incomplete = append(incomplete, f.passage)
			}
			if n == 0 {
				break
			}
			f = <-w.queue // there: nobody else takes from the queue
		}
		if w.failure() != nil {
			continue // so that nobody waits for a place in the queue
		}
		if err := w.store.Record(ctx, w.run, complete, incomplete); err != nil {
			w.err.Store(&err)
		}
		clear(complete)
		clear(incomplete)
		end := time.Now()
		awake = end.Add(restFactor * min(end.Sub(start), restLimit))
	}
}
