// Package jsonl reads and writes JSON Lines, one JSON value per line.
package jsonl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// LineError is an error in one line of a stream.
type LineError struct {
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// longest is the maximum length of a line, in bytes.
const longest = 64 << 20

// ErrEncoding marks a line with bytes that are not UTF-8.
var ErrEncoding = errors.New("not valid UTF-8")

// ErrStop ends Read without an error.
var ErrStop = errors.New("jsonl: reading stopped")

// Read calls f with each line that is not blank and its number, from 1. The line is
// valid until f returns; f returns [ErrStop] to end the reading. A byte order mark
// is skipped. A line of more than 64 MiB is an error, and so is invalid UTF-8. All
// errors are [LineError].
func Read(in io.Reader, f func(number int, line []byte) error) error {
	r := bufio.NewReaderSize(in, 1<<16)
	var long []byte
	for number := 1; ; number++ {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long[:0], line...)
			for errors.Is(err, bufio.ErrBufferFull) && len(long) <= longest {
				line, err = r.ReadSlice('\n')
				long = append(long, line...)
			}
			if line = long; len(line) > longest {
				return &LineError{number, fmt.Errorf("a line of more than %d MiB, want one JSON object per line", longest>>20)}
			}
		}
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return &LineError{number, err}
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		if err := readLine(line, func(line []byte) error { return f(number, line) }); err != nil {
			if errors.Is(err, ErrStop) {
				return nil
			}
			return &LineError{number, err}
		}
		if end {
			return nil
		}
	}
}

func readLine(line []byte, f func([]byte) error) error {
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	if !utf8.Valid(line) {
		return fmt.Errorf("byte %d of the line: %w", invalidByte(line), ErrEncoding)
	}
	return f(line)
}

// invalidByte is the position of the first byte, from 1, that is not UTF-8.
func invalidByte(line []byte) int {
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRune(line[i:])
		if r == utf8.RuneError && n == 1 {
			return i + 1
		}
		i += n
	}
	return 0
}
