package metrics

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"nerbench/internal/parallel"
)

// LineError is an error in one line of a stream.
type LineError struct {
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// block is a sequence of whole lines.
type block struct {
	data []byte
	line int // number of its first line, from 1
}

const (
	blockSize = 256 << 10
	// largestBlock limits the memory for one line, or for one sentence of a column
	// file.
	largestBlock = 256 << 20
)

// errBlockTooLong is returned for input that cannot be split.
var errBlockTooLong = fmt.Errorf("a line or sentence is longer than %d MiB", largestBlock>>20)

// eachBlock splits a stream into blocks and passes each one to one of the workers.
// cut returns the length of the longest prefix of data that can be a block, 0 if
// there is none; the last block is the rest. look is called with every block, in
// order, before a worker gets it. The returned error is the first one in the
// stream, independent of the workers.
func eachBlock(ctx context.Context, r io.Reader, cut func(data []byte) int, look func(block), workers []func(block) error) error {
	free := make(chan []byte, len(workers)+1) // memory of finished blocks
	done := make([]func(block) (struct{}, error), len(workers))
	for i, work := range workers {
		done[i] = func(b block) (struct{}, error) {
			err := work(b)
			select {
			case free <- b.data:
			default:
			}
			return struct{}{}, err
		}
	}
	c := &cutter{r: r, cut: cut, line: 1}
	for _, err := range parallel.Map(ctx, c.blocks(free, look), done) {
		if err != nil {
			return err
		}
	}
	return nil
}

// cutter splits a stream into blocks.
type cutter struct {
	r    io.Reader
	cut  func([]byte) int
	rest []byte // read, but not yet in a block
	line int
}

// blocks are the blocks of the stream, in memory that is reused if possible.
func (c *cutter) blocks(free <-chan []byte, look func(block)) iter.Seq2[block, error] {
	return func(yield func(block, error) bool) {
		for {
			var memory []byte
			select {
			case memory = <-free:
			default:
				memory = make([]byte, 0, blockSize)
			}
			b, err := c.next(memory)
			if len(b.data) > 0 {
				look(b)
				if !yield(b, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(block{}, err)
				return
			}
		}
	}
}

// next fills memory with the next block. At the end of the stream, or at a read
// error, it returns the rest together with the error.
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
	b := block{data, c.line}
	c.line += bytes.Count(data, []byte{'\n'})
	return b
}

// cutAtLine cuts after the last line end.
func cutAtLine(data []byte) int { return bytes.LastIndexByte(data, '\n') + 1 }
