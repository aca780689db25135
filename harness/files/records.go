package files

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"nerbench/internal/jsonl"
	"nerbench/loaders"
)

// record is a JSON value of a file: a line, or an element of an array.
type record struct {
	text   []byte // until the next record is read
	line   int    // from 1; 0: it is in an array
	number int    // from 1
}

// longestRecord is the largest size of an element of an array, in bytes: that of a line.
const longestRecord = 64 << 20

// readRecords reads a file of records: JSON Lines, or one array. In the format gliner, a
// record is itself a list, so that an array of objects is one record.
func readRecords(in io.Reader, f Format) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		r := bufio.NewReaderSize(in, sniffed)
		start, err := r.Peek(sniffed)
		if err != nil && !errors.Is(err, io.EOF) {
			yield(record{}, err)
			return
		}
		if isArray(start, f) {
			readArray(r, yield)
			return
		}
		number := 0
		err = jsonl.Read(r, func(line int, text []byte) error {
			number++
			if !yield(record{text, line, number}, nil) {
				return jsonl.ErrStop
			}
			return nil
		})
		if err != nil {
			yield(record{}, err)
		}
	}
}

// isArray reports whether a file is one array of records.
func isArray(start []byte, f Format) bool {
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), " \t\r\n")
	rest, array := bytes.CutPrefix(start, []byte("["))
	rest = bytes.TrimLeft(rest, " \t\r\n")
	switch {
	case !array:
		return false
	case f != GLiNER || len(rest) == 0:
		return true
	case rest[0] == '[':
		return true
	case rest[0] == ']':
		return false
	}
	names, _ := firstRecord(start)
	return names != nil
}

// readArray reads the elements of an array.
func readArray(in *bufio.Reader, yield func(record, error) bool) {
	if start, err := in.Peek(3); err == nil && string(start) == "\ufeff" {
		_, _ = in.Discard(len(start)) // it was peeked at
	}
	limited := &limitedReader{in: in, left: longestRecord}
	dec := json.NewDecoder(limited)
	number := 0
	fail := func(err error) {
		if !errors.Is(err, errLongRecord) {
			err = loaders.PlainJSON(err)
		}
		yield(record{}, fmt.Errorf("record %d: %w", number+1, err))
	}
	if _, err := dec.Token(); err != nil {
		fail(err)
		return
	}
	for dec.More() {
		var text json.RawMessage
		limited.left = longestRecord
		if err := dec.Decode(&text); err != nil {
			fail(err)
			return
		}
		if !utf8.Valid(text) {
			fail(errors.New("invalid UTF-8"))
			return
		}
		if number++; !yield(record{text: text, number: number}, nil) {
			return
		}
	}
	limited.left = longestRecord
	if _, err := dec.Token(); err != nil {
		fail(err)
		return
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		fail(errors.New("the file continues after its array"))
	}
}

var errLongRecord = fmt.Errorf("more than %d MiB", longestRecord>>20)

// limitedReader reads no more bytes than one record may have.
type limitedReader struct {
	in   io.Reader
	left int
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongRecord
	}
	n, err := l.in.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
