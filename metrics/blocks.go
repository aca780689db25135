package metrics

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// LineError is a fault of one line of a stream.
type LineError struct {
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// block is a run of whole lines.
type block struct {
	data  []byte
	line  int // number of its first line, from 1
	index int // place among the blocks, from 0
}

const (
	blockSize = 256 << 10
	// largestBlock bounds the memory that one line, or one sentence of a column
	// file, may take.
	largestBlock = 256 << 20
)

// errBlockTooLong is returned for input that cannot be cut.
var errBlockTooLong = fmt.Errorf("no place to cut in %d MiB", largestBlock>>20)

// eachBlock cuts a stream into blocks and hands each to one of the workers.
// cut returns the length of the longest prefix of data that may be handed out,
// 0 if there is none; the last block is what is left. look sees every block, in
// order, before it is handed out. The error returned is the one that comes first
// in the stream, whatever worker met it.
func eachBlock(ctx context.Context, r io.Reader, cut func(data []byte) int, look func(block), workers []func(block) error) error {
	blocks := make(chan block)
	free := make(chan []byte, len(workers)+1)
	for range cap(free) {
		free <- make([]byte, 0, blockSize)
	}
	var first firstError
	var wait sync.WaitGroup
	for _, work := range workers {
		wait.Go(func() {
			for b := range blocks {
				if err := work(b); err != nil {
					first.set(b.index, err)
				}
				free <- b.data
			}
		})
	}
	c := cutter{r: r, cut: cut, line: 1}
	var err error
	for err == nil && !first.failed.Load() {
		if err = ctx.Err(); err != nil {
			break
		}
		var b block
		if b, err = c.next(<-free); len(b.data) > 0 {
			look(b)
			blocks <- b
		}
	}
	close(blocks)
	wait.Wait()
	if first.err != nil {
		return first.err // blocks before the end of the stream come before its error
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// firstError keeps the error of the earliest block. Blocks are handed out in
// order and all that were handed out are worked on, so that the earliest fault
// of the stream is always among those seen.
type firstError struct {
	failed atomic.Bool
	mu     sync.Mutex
	index  int
	err    error
}

func (f *firstError) set(index int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil || index < f.index {
		f.index, f.err = index, err
	}
	f.failed.Store(true)
}

// cutter cuts a stream into blocks.
type cutter struct {
	r     io.Reader
	cut   func([]byte) int
	rest  []byte // read, but not handed out
	line  int
	index int
}

// next fills memory with the next block. At the end of the stream, or at an
// error of reading, the block is what was left, and the error is returned
// beside it.
func (c *cutter) next(memory []byte) (block, error) {
	data := append(memory[:0], c.rest...)
	c.rest = c.rest[:0]
	for {
		n, err := io.ReadFull(c.r, data[len(data):cap(data)])
		data = data[:len(data)+n]
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		if err != nil {
			return c.block(data), err
		}
		if end := c.cut(data); end > 0 {
			c.rest = append(c.rest, data[end:]...)
			return c.block(data[:end]), nil
		}
		if len(data) >= largestBlock {
			return block{}, &LineError{c.line, errBlockTooLong}
		}
		data = append(make([]byte, 0, 2*cap(data)), data...)
	}
}

func (c *cutter) block(data []byte) block {
	b := block{data, c.line, c.index}
	c.line += bytes.Count(data, []byte{'\n'})
	c.index++
	return b
}

// cutAtLine cuts behind the last line end.
func cutAtLine(data []byte) int { return bytes.LastIndexByte(data, '\n') + 1 }
