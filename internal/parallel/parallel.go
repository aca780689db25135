// Package parallel runs functions on goroutines, so that a panic is an error and does not
// end the process with the exit code of a wrong usage. All goroutines of the program are
// started here. Map processes the blocks of a sequence and returns the results in the order
// of the sequence; the outcome does not depend on the number of goroutines.
package parallel

import (
	"context"
	"iter"
	"runtime"
)

// Map applies the workers to the blocks of a sequence and yields the results in
// order. Each worker runs on its own goroutine and processes one block at a time,
// so that it may keep state without a mutex. Another goroutine reads the sequence;
// at most 2*len(workers)+1 blocks have been read and not yet yielded.
//
// The first error of the sequence, of a worker, or of the context is yielded last,
// after the results of the blocks before it; a panic is a [PanicError]. All goroutines have ended when the
// iteration ends, for any reason.
func Map[In, Out any](ctx context.Context, blocks iter.Seq2[In, error], workers []func(In) (Out, error)) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		m := &mapping[In, Out]{
			ctx:   ctx,
			todo:  make(chan *job[In, Out]),
			queue: make(chan *job[In, Out], 2*len(workers)), // one more waits before it
		}
		var group Group
		defer group.Wait()
		defer cancel()
		for _, work := range workers {
			group.Go(func() { m.work(work) })
		}
		group.Go(func() { m.read(blocks) })
		for j := range m.queue {
			<-j.done
			if !yield(j.out, j.err) || j.err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			var none Out
			yield(none, err)
		}
	}
}

// OnAllProcessors repeats a stateless worker, once for each processor.
func OnAllProcessors[In, Out any](work func(In) (Out, error)) []func(In) (Out, error) {
	workers := make([]func(In) (Out, error), runtime.GOMAXPROCS(0))
	for i := range workers {
		workers[i] = work
	}
	return workers
}

// Blocks splits a sequence into slices of size items; the last one may be shorter.
// An error follows the block of the items before it and ends the sequence.
func Blocks[T any](items iter.Seq2[T, error], size int) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		var block []T
		for item, err := range items {
			if err != nil {
				if len(block) == 0 || yield(block, nil) {
					yield(nil, err)
				}
				return
			}
			if block = append(block, item); len(block) == size {
				if !yield(block, nil) {
					return
				}
				block = make([]T, 0, size)
			}
		}
		if len(block) > 0 {
			yield(block, nil)
		}
	}
}

// job is a block with its result, which is set when done is closed.
type job[In, Out any] struct {
	in   In
	out  Out
	err  error
	done chan struct{}
}

type mapping[In, Out any] struct {
	ctx   context.Context
	todo  chan *job[In, Out] // for the workers
	queue chan *job[In, Out] // in order, for the iterator
}

// work processes jobs until there are no more. When the context ends, it finishes
// the current job and drops the rest.
func (m *mapping[In, Out]) work(work func(In) (Out, error)) {
	for j := range m.todo {
		if j.err = m.ctx.Err(); j.err == nil {
			j.err = Guard(func() (err error) {
				j.out, err = work(j.in)
				return err
			})
		}
		close(j.done)
	}
}

// read reads the sequence until the sequence or the context ends. A panic of the sequence
// is its last error.
func (m *mapping[In, Out]) read(blocks iter.Seq2[In, error]) {
	defer close(m.queue)
	defer close(m.todo)
	if err := Guard(func() error { m.readAll(blocks); return nil }); err != nil {
		j := &job[In, Out]{err: err, done: make(chan struct{})}
		close(j.done)
		select {
		case m.queue <- j:
		case <-m.ctx.Done():
		}
	}
}

func (m *mapping[In, Out]) readAll(blocks iter.Seq2[In, error]) {
	for in, err := range blocks {
		j := &job[In, Out]{in: in, err: err, done: make(chan struct{})}
		select {
		case m.queue <- j:
		case <-m.ctx.Done():
			return
		}
		if err != nil {
			close(j.done)
			return
		}
		m.todo <- j // a worker receives it: workers run until this channel is closed
	}
}
