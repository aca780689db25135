package onnx

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// fieldReader reads the fields of protobuf messages from a file. It holds no message in
// memory, since the weights of a model are larger than the memory may be.
type fieldReader struct {
	in     *os.File
	buffer *bufio.Reader
	at     int64 // place in the file
	fields int   // that were read
}

func newFieldReader(f *os.File) *fieldReader {
	return &fieldReader{in: f, buffer: bufio.NewReaderSize(f, 1<<16)}
}

// field is one field of a message. The file is at its content; value is the number that it
// has, and end the place behind it.
type field struct {
	number, value uint64
	end           int64
	text          bool // bytes, or a message
}

// each calls f with the fields of a message that ends at a place, and skips what f does
// not read.
func (r *fieldReader) each(end int64, f func(field) error) error {
	for r.at < end {
		if r.fields++; r.fields > mostFields {
			return fmt.Errorf("more than %d fields", mostFields)
		}
		tag, err := r.varint()
		if err != nil {
			return err
		}
		next := field{number: tag >> 3}
		switch tag & 7 {
		case 0:
			next.value, err = r.varint()
			next.end = r.at
		case 1:
			next.end = r.at + 8
		case 2:
			var n uint64
			n, err = r.varint()
			if err == nil && n > uint64(max(0, end-r.at)) {
				err = fmt.Errorf("a field of %d bytes, of which the file has %d", n, max(0, end-r.at))
			}
			next.end, next.text = r.at+int64(n), true
		case 5:
			next.end = r.at + 4
		default:
			err = errNoModel
		}
		if err != nil {
			return err
		}
		if err := f(next); err != nil {
			return err
		}
		if err := r.skip(next.end); err != nil {
			return err
		}
	}
	if r.at > end {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// numbers reads the numbers of a repeated field, which is packed or not.
func (r *fieldReader) numbers(f field, add func(int64) error) error {
	if !f.text {
		return add(int64(f.value))
	}
	for r.at < f.end {
		n, err := r.varint()
		if err != nil {
			return err
		}
		if err := add(int64(n)); err != nil {
			return err
		}
	}
	if r.at > f.end {
		return errNoModel
	}
	return nil
}

func (r *fieldReader) varint() (uint64, error) {
	n, err := binary.ReadUvarint(counting{r})
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// counting reads bytes and counts them.
type counting struct{ r *fieldReader }

func (c counting) ReadByte() (byte, error) {
	b, err := c.r.buffer.ReadByte()
	if err == nil {
		c.r.at++
	}
	return b, err
}

// name reads a text that is not too long.
func (r *fieldReader) name(end int64) (string, error) {
	if end-r.at > mostName {
		return "", fmt.Errorf("a name of %d bytes: at most %d", end-r.at, mostName)
	}
	b, err := r.bytes(end)
	return string(b), err
}

// bytes reads up to a place, which must be near.
func (r *fieldReader) bytes(end int64) ([]byte, error) {
	b := make([]byte, max(0, end-r.at))
	_, err := io.ReadFull(r.buffer, b)
	r.at += int64(len(b))
	return b, err
}

// skip goes to a place behind this one, or stays.
func (r *fieldReader) skip(end int64) error {
	n := end - r.at
	switch {
	case n <= 0:
		return nil
	case n <= int64(r.buffer.Buffered()):
		_, _ = r.buffer.Discard(int(n)) // it is in the buffer
	default:
		if _, err := r.in.Seek(end, io.SeekStart); err != nil {
			return err
		}
		r.buffer.Reset(r.in)
	}
	r.at = end
	return nil
}
