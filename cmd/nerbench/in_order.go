package main

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// inOrder works on a stream in blocks, on all processors, and hands the results
// over in the order of the stream: what comes of it does not depend on the
// number of workers. A few blocks are in memory at any time. The error returned
// is the first one of the stream, from the stream itself, from work, or from
// merge.
func inOrder[In, Out any](ctx context.Context, stream iter.Seq2[In, error], size int, work func([]In) (Out, error), merge func(Out) error) error {
	type block struct {
		in   []In
		out  Out
		err  error
		done chan struct{}
	}
	ctx, cancel := context.WithCancel(ctx)
	workers := runtime.GOMAXPROCS(0)
	todo := make(chan *block)
	queue := make(chan *block, 2*workers)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for b := range todo {
				b.out, b.err = work(b.in)
				close(b.done)
			}
		})
	}
	group.Go(func() {
		defer close(queue)
		defer close(todo)
		b := &block{done: make(chan struct{})}
		send := func() bool {
			select {
			case queue <- b:
			case <-ctx.Done():
				return false
			}
			todo <- b // a worker takes it: they end after this channel only
			b = &block{done: make(chan struct{})}
			return true
		}
		for in, err := range stream {
			if err != nil {
				if len(b.in) > 0 && !send() {
					return
				}
				b.err = err
				close(b.done)
				select {
				case queue <- b:
				case <-ctx.Done():
				}
				return
			}
			if b.in = append(b.in, in); len(b.in) == size && !send() {
				return
			}
		}
		if len(b.in) > 0 {
			send()
		}
	})
	var first error
	for b := range queue {
		<-b.done
		if first != nil {
			continue
		}
		if first = b.err; first == nil {
			first = merge(b.out)
		}
		if first != nil {
			cancel()
		}
	}
	cancelled := ctx.Err()
	cancel()
	group.Wait()
	if first == nil {
		first = cancelled
	}
	return first
}
