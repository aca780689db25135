package results

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"nerbench/internal/parallel"
	"nerbench/ner"
)

// queueLimit is the maximum number of passages that wait for a commit, and so the
// maximum size of a transaction. Most answers change a page of their own in a small
// transaction, but share pages in a large one.
const queueLimit = 1024

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
// cost of a commit. A full queue ends the pause.
type Writer struct {
	store *Store
	run   string
	queue chan finished
	wake  chan struct{}         // signals that the queue is full
	done  <-chan error          // closed when the queue is closed and empty
	err   atomic.Pointer[error] // the first failure; later passages are not stored

	keptMu sync.Mutex
	kept   []ner.Answer  // answers of passages that are not recorded yet
	keep   chan struct{} // signals that there are such answers

	mu     sync.RWMutex // held for writing to close the queue
	closed bool
}

type finished struct {
	passage  ner.Passage
	complete bool
}

// Writer starts a writer for a run that was begun. It must be closed. It continues
// when ctx ends, so that paid answers are stored.
func (s *Store) Writer(ctx context.Context, runID string) *Writer {
	w := &Writer{store: s, run: runID, queue: make(chan finished, queueLimit), wake: make(chan struct{}, 1), keep: make(chan struct{}, 1)}
	w.done = parallel.Go(func() error { w.loop(context.WithoutCancel(ctx)); return nil })
	return w
}

// Cached returns the wanted completions that are in the store. With [Writer.Record]
// it implements Recorder of package harness/loop.
func (w *Writer) Cached(ctx context.Context, keys []ner.AnswerKey) (map[ner.AnswerKey]ner.Completion, error) {
	return w.store.Cached(ctx, keys)
}

// Keep stores an answer with the next commit, before its passage is recorded. It
// implements Keeper of package harness/loop.
func (w *Writer) Keep(answer ner.Answer) {
	w.keptMu.Lock()
	w.kept = append(w.kept, answer)
	w.keptMu.Unlock()
	select {
	case w.keep <- struct{}{}:
	default: // already signalled
	}
}

// takeKept returns the answers to keep. Later ones are appended to the empty slice.
func (w *Writer) takeKept(empty []ner.Answer) []ner.Answer {
	w.keptMu.Lock()
	defer w.keptMu.Unlock()
	kept := w.kept
	w.kept = empty
	return kept
}

// Record queues a passage, complete or with some of its answers, and waits while
// the queue is full. It returns the error of an earlier commit, after which no
// passage is stored.
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
			default: // already signalled
			}
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close waits until all recorded passages are committed, and returns the first
// error. A repeated call returns the same error.
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

// rest waits for the pause, or until the queue is full.
func (w *Writer) rest(d time.Duration) {
	select { // discard an earlier signal
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
	var complete, incomplete []ner.Passage
	var kept []ner.Answer
	var before early
	var awake time.Time
	add := func(f finished) {
		if f.complete {
			complete = append(complete, f.passage)
		} else {
			incomplete = append(incomplete, f.passage)
		}
	}
	for open := true; open; {
		complete, incomplete = complete[:0], incomplete[:0]
		select {
		case f, more := <-w.queue:
			if open = more; more {
				add(f)
			}
		case <-w.keep:
		}
		if open {
			w.rest(time.Until(awake))
		}
		start := time.Now()
		for n := len(w.queue); n > 0; n-- {
			add(<-w.queue) // does not block: only this goroutine receives
		}
		kept = w.takeKept(kept[:0]) // after the passages: their answers were kept before
		if len(complete)+len(incomplete)+len(kept) == 0 || w.failure() != nil {
			continue // after a failure, so that Record does not wait for space in the queue
		}
		if err := parallel.Guard(func() error { return w.store.recordAll(ctx, w.run, complete, incomplete, kept, &before) }); err != nil {
			w.err.Store(&err)
		}
		clear(complete)
		clear(incomplete)
		clear(kept)
		end := time.Now()
		awake = end.Add(restFactor * min(end.Sub(start), restLimit))
	}
}
