package results

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"nerbench/internal/parallel"
)

func TestWriterCommitsAllPassages(t *testing.T) {
	const n, workers = 500, 8
	run := testRun("m")
	s := begun(t, run, n)
	w := s.Writer(t.Context(), run.ID())
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for i := worker; i < n; i += workers {
				p := testPassage("q", i, threeTypes...)
				if i%10 == 0 { // first, without its last answer
					part := p
					part.Answers = part.Answers[:2]
					if err := w.Record(context.Background(), part, false); err != nil {
						t.Error(err)
					}
				}
				if err := w.Record(context.Background(), p, true); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	must(t, w.Close())
	must(t, w.Close())
	if err := w.Record(t.Context(), testPassage("q", 0, "a"), true); !errors.Is(err, errClosed) {
		t.Errorf("recorded after Close: %v", err)
	}
	at := begun(t, run, n)
	must(t, at.Record(t.Context(), run.ID(), testPassages("q", n), nil))
	if dumpOf(t, s) != dumpOf(t, at) {
		t.Error("the store differs from one with the passages recorded in order")
	}
}

func TestWriterOutlivesTheContextOfARun(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 1)
	ctx, cancel := context.WithCancel(t.Context())
	w := s.Writer(ctx, run.ID())
	cancel()
	must(t, w.Record(context.WithoutCancel(ctx), testPassage("q", 0, "a"), true))
	must(t, w.Close())
	if got := collect(t, s, run.ID()); len(got) != 1 {
		t.Errorf("%d passages, want 1", len(got))
	}
}

func TestWriterReportsFailure(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 1)
	w := s.Writer(t.Context(), "none")
	var err error
	for i := 0; err == nil; i++ { // more than the queue's size: Record must not block forever
		err = w.Record(t.Context(), testPassage("q", 0, "a"), true)
	}
	if !errors.Is(err, ErrNoRun) {
		t.Errorf("error %v, want ErrNoRun", err)
	}
	if err := w.Close(); !errors.Is(err, ErrNoRun) {
		t.Errorf("closing: %v, want ErrNoRun", err)
	}
}

// TestCommittedIsToldAfterCommits: what was recorded before is in the store then, for
// another process, too. After a failure, nothing is told.
func TestCommittedIsToldAfterCommits(t *testing.T) {
	const n = 50
	run := testRun("m")
	s := begun(t, run, n)
	other, err := OpenReadOnly(t.Context(), s.path)
	must(t, err)
	defer other.Close()
	w := s.Writer(t.Context(), run.ID())
	told := make(chan int, n)
	for i := range n {
		must(t, w.Record(t.Context(), testPassage("q", i, "a"), true))
		w.Committed(func() { told <- i })
		if i%10 == 0 {
			for got := <-told; got != i; got = <-told { // also if nothing follows
			}
			if done, err := other.Done(t.Context(), run.ID()); err != nil || !done[i] {
				t.Errorf("passage %d is told, but not stored: %v", i, err)
			}
		}
	}
	must(t, w.Close())
	if len(told) != 9 { // those after passage 40
		t.Errorf("%d are told at the end, want 9", len(told))
	}
	w = s.Writer(t.Context(), "none")
	must(t, w.Record(t.Context(), testPassage("q", 0, "a"), true))
	w.Committed(func() { t.Error("told after a failure") })
	if err := w.Close(); !errors.Is(err, ErrNoRun) {
		t.Errorf("closing: %v, want ErrNoRun", err)
	}
}

func TestReadersDuringWrites(t *testing.T) {
	const n = 500
	run := testRun("m")
	s := begun(t, run, n)
	other, err := OpenReadOnly(t.Context(), s.path) // like another process
	must(t, err)
	defer other.Close()
	w := s.Writer(t.Context(), run.ID())
	written := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		defer close(written)
		for i := range n {
			if err := w.Record(context.Background(), testPassage("q", i, threeTypes...), true); err != nil {
				t.Error(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, reader := range []*Store{s, s, other} {
		all.Go(func() {
			for last := false; !last; {
				select {
				case <-written:
					last = true
				default:
				}
				got, next := 0, 0
				for p, err := range reader.Passages(context.Background(), run.ID()) {
					if err != nil {
						t.Error(err)
						return
					}
					if p.Index < next || p.Answers[2].Completion != testPassage("q", p.Index, threeTypes...).Answers[2].Completion {
						t.Errorf("after %d: passage %+v", next-1, p)
						return
					}
					got, next = got+1, p.Index+1
				}
				if last && got != n {
					t.Errorf("%d passages in the end, want %d", got, n)
				}
				if _, err := reader.Cached(context.Background(), keysOfPassage(testPassage("q", next, threeTypes...))); err != nil {
					t.Error(err)
				}
				if _, err := reader.Runs(context.Background(), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestPassagesThatStopEarly(t *testing.T) {
	const n = 6 * blockSize
	path := filled(t, n)
	s := openAt(t, path)
	id := testRun("m").ID()
	for _, stop := range []int{0, 1, blockSize - 1, blockSize, 3 * blockSize} {
		got := 0
		for p, err := range s.Passages(t.Context(), id) {
			must(t, err)
			if p.Index != got {
				t.Fatalf("passage %d, want %d", p.Index, got)
			}
			if got == stop {
				break
			}
			got++
		}
		noneLeft(t, "results.(*Store).blocks")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for p, err := range s.Passages(ctx, id) {
		last = err
		if p.Index == 2*blockSize {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled: %v", last)
	}
	noneLeft(t, "results.(*Store).blocks")
	must(t, s.Close())
	noneLeft(t, "database/sql")
}

// noneLeft waits until no goroutine has a function on its stack.
func noneLeft(t *testing.T, function string) {
	t.Helper()
	var stacks []byte
	for range 60_000 {
		stacks = make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if !bytes.Contains(stacks, []byte(function)) {
			return
		}
		time.Sleep(time.Millisecond) // they end soon
	}
	t.Errorf("goroutines remain in %s:\n%s", function, stacks)
}

func TestAllGoroutinesEnd(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 3)
	w := s.Writer(t.Context(), run.ID())
	must(t, w.Record(t.Context(), testPassage("q", 0, "a"), true))
	must(t, w.Close())
	noneLeft(t, "results.(*Writer).loop")
	must(t, s.Close())
	noneLeft(t, "database/sql")
}

func TestUnknownRunHasNoPassages(t *testing.T) {
	s := newStore(t)
	for _, err := range s.Passages(t.Context(), "none") {
		if !errors.Is(err, ErrNoRun) {
			t.Errorf("error %v, want ErrNoRun", err)
		}
		return
	}
	t.Error("no error")
}

func TestPassagesSkipMissingOnes(t *testing.T) {
	const n = 4 * blockSize
	run := testRun("m")
	s := begun(t, run, n)
	want := []int{3, blockSize, 3*blockSize - 1, n - 1} // including a block without passages
	for _, i := range want {
		must(t, s.Record(t.Context(), run.ID(), append(testPassages("q", 0), testPassage("q", i, "a")), nil))
	}
	got := collect(t, s, run.ID())
	if len(got) != len(want) {
		t.Fatalf("%d passages, want %d", len(got), len(want))
	}
	for i, p := range got {
		if p.Index != want[i] {
			t.Errorf("passage %d, want %d", p.Index, want[i])
		}
	}
}

// TestPanicsAreErrors: a panic while passages are written or read is an error of the caller.
func TestPanicsAreErrors(t *testing.T) {
	s := &Store{read: &sql.DB{}, write: &sql.DB{}} // without a driver: each use of them panics
	w := s.Writer(t.Context(), "run")
	if err := w.Record(t.Context(), testPassage("q", 0, "person"), true); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.As(err, new(*parallel.PanicError)) {
		t.Errorf("writing: error %v", err)
	}
	if err := w.Close(); !errors.As(err, new(*parallel.PanicError)) {
		t.Errorf("a second Close: error %v", err)
	}
	n := 0
	for b := range s.blocks(t.Context(), runRow{passages: 1}) {
		if n++; !errors.As(b.err, new(*parallel.PanicError)) {
			t.Errorf("reading: error %v", b.err)
		}
	}
	if n != 1 {
		t.Errorf("%d blocks", n)
	}
}
