package results

import (
	"container/heap"
	"context"

	"nerbench/internal/parallel"
)

// The rows that are read ahead of all sources together: their number and their bytes.
const (
	aheadRows  = 8 << 10
	aheadBytes = 8 << 20
)

// stream is the rows of one source, in order. They are read ahead on another goroutine.
type stream[T any] struct {
	source  *source
	rows    []T // the batch that is used, from its next row on
	batches <-chan []T
	done    <-chan error
}

// reader yields the rows of a source with their sizes in bytes.
type reader[T any] func(yield func(row T, size int) error) error

// startStream reads the rows of one of n sources.
func startStream[T any](ctx context.Context, n int, from *source, read reader[T]) *stream[T] {
	most, mostBytes := max(aheadRows/n, 8), max(aheadBytes/n, 16<<10)
	batches := make(chan []T, 1)
	s := &stream[T]{source: from, batches: batches}
	s.done = parallel.Go(func() error {
		defer close(batches)
		var batch []T
		bytes := 0
		send := func() error {
			select {
			case batches <- batch:
				batch, bytes = make([]T, 0, len(batch)), 0
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		err := read(func(row T, size int) error {
			batch, bytes = append(batch, row), bytes+size
			if len(batch) < most && bytes < mostBytes {
				return nil
			}
			return send()
		})
		if err == nil && len(batch) > 0 {
			err = send()
		}
		return from.fail(err)
	})
	return s
}

// next goes to the first or next row. more is false at the end.
func (s *stream[T]) next() (more bool, err error) {
	if len(s.rows) > 1 {
		s.rows = s.rows[1:]
		return true, nil
	}
	s.rows = <-s.batches
	if len(s.rows) > 0 {
		return true, nil
	}
	return false, <-s.done
}

// streams is a heap of streams by their current rows.
type streams[T any] struct {
	all     []*stream[T]
	compare func(a, b *T) int
}

func (h *streams[T]) Len() int           { return len(h.all) }
func (h *streams[T]) Less(i, j int) bool { return h.compare(&h.all[i].rows[0], &h.all[j].rows[0]) < 0 }
func (h *streams[T]) Swap(i, j int)      { h.all[i], h.all[j] = h.all[j], h.all[i] }
func (h *streams[T]) Push(any)           {} // no stream is added
func (h *streams[T]) Pop() any {
	last := len(h.all) - 1
	h.all = h.all[:last]
	return nil
}

// row is a row of one source.
type row[T any] struct {
	source *source
	row    T
}

// together calls yield with the rows of all streams that have the same place in the
// order, place by place. All goroutines of the streams have ended when it returns, if the
// context of the streams ends then.
func together[T any](all []*stream[T], compare func(a, b *T) int, yield func([]row[T]) error) error {
	h := &streams[T]{compare: compare}
	for _, s := range all {
		more, err := s.next()
		if err != nil {
			return err
		}
		if more {
			h.all = append(h.all, s)
		}
	}
	heap.Init(h)
	var same []row[T]
	for len(h.all) > 0 {
		same = same[:0]
		for len(h.all) > 0 && (len(same) == 0 || compare(&h.all[0].rows[0], &same[0].row) == 0) {
			s := h.all[0]
			same = append(same, row[T]{s.source, s.rows[0]})
			more, err := s.next()
			if err != nil {
				return err
			}
			if more {
				heap.Fix(h, 0)
			} else {
				heap.Remove(h, 0)
			}
		}
		if err := yield(same); err != nil {
			return err
		}
	}
	return nil
}

// mergeStreams reads rows of sources, each in order, and yields them together.
func mergeStreams[T any](ctx context.Context, from []*source, read func(context.Context, *source) reader[T], compare func(a, b *T) int, yield func([]row[T]) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var all []*stream[T]
	defer func() { // wait for the readers
		cancel()
		for _, s := range all {
			<-s.done
		}
	}()
	for _, s := range from {
		all = append(all, startStream(ctx, len(from), s, read(ctx, s)))
	}
	return together(all, compare, yield)
}
