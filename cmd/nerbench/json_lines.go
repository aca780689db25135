package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"nerbench/metrics"
)

// longestJSONLine bounds one line of JSON, in bytes.
const longestJSONLine = 64 << 20

// errStop ends the reading of lines without an error.
var errStop = errors.New("no more lines are wanted")

// eachJSONLine calls f with each line that is not blank and its number, from 1; the
// line is valid until f returns.
// A byte order mark is passed over; what is too long or no UTF-8 is an error.
// Errors are [metrics.LineError].
func eachJSONLine(in io.Reader, f func(number int, line []byte) error) error {
	r := bufio.NewReaderSize(in, 1<<16)
	var long []byte
	for number := 1; ; number++ {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long[:0], line...)
			for errors.Is(err, bufio.ErrBufferFull) && len(long) <= longestJSONLine {
				line, err = r.ReadSlice('\n')
				long = append(long, line...)
			}
			if line = long; len(line) > longestJSONLine {
				return &metrics.LineError{Line: number, Err: fmt.Errorf("a line of more than %d MiB, want one JSON object a line", longestJSONLine>>20)}
			}
		}
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return &metrics.LineError{Line: number, Err: err}
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		if err := oneJSONLine(line, func(line []byte) error { return f(number, line) }); err != nil {
			if errors.Is(err, errStop) {
				return nil
			}
			return &metrics.LineError{Line: number, Err: err}
		}
		if end {
			return nil
		}
	}
}

func oneJSONLine(line []byte, f func([]byte) error) error {
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	if !utf8.Valid(line) {
		return fmt.Errorf("byte %d of the line is not valid UTF-8", invalidByte(line))
	}
	return f(line)
}

// invalidByte is the place of the first byte, from 1, that is no UTF-8.
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
