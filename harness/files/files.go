// Package files evaluates files without a store: it scores predictions, columns of
// tags and pairs of answers, compares two files of predictions, parses raw answers,
// and aligns mentions with texts. Offsets in files count code points.
//
// Errors about an input have the file and the line. An invalid option is a
// [fault.UsageError].
package files

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"nerbench/internal/fault"
	"nerbench/internal/jsonl"
	"nerbench/loaders"
	"nerbench/metrics"
)

// File is an input: a file on disk, or an open stream.
type File struct {
	// Name is the path of the file. Errors use this name for the file or the stream.
	Name string
	// In is the stream; nil: the file is opened.
	In io.Reader
}

// Read opens the file if need be, and reads it. It adds the name of the file to
// errors, and the line if it is known.
func (f File) Read(read func(io.Reader) error) (err error) {
	in := f.In
	if in == nil {
		file, err := os.Open(f.Name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		in = file
	}
	text := bufio.NewReader(in)
	start, _ := text.Peek(longestMark) // a short file, or an error that the first read has, too
	if err := checkText(start); err != nil {
		return f.named(err)
	}
	return f.named(read(text))
}

// named adds the name of the file to an error, unless the error already has a file
// name or is not about the input.
func (f File) named(err error) (result error) {
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, new(*os.PathError)) || errors.As(err, new(*namedError)) {
		return err
	}
	if errors.Is(err, jsonl.ErrEncoding) || errors.Is(err, metrics.ErrTagBytes) {
		defer func() { result = &fault.Hint{Err: result, Advice: loaders.EncodingAdvice} }()
	}
	if line, cause := lineOf(err); line > 0 {
		return &namedError{fmt.Errorf("%s:%d: %w", f.Name, line, cause)}
	}
	return &namedError{fmt.Errorf("%s: %w", f.Name, err)}
}

func (f File) isGiven() bool { return f.Name != "" || f.In != nil }

// namedError is an error with the name of its file.
type namedError struct{ error }

func (e *namedError) Unwrap() error { return e.error }

// lineOf returns the line of an error, from 1, and its cause. The line is 0 if it is
// unknown.
func lineOf(err error) (line int, cause error) {
	var ofJSON *jsonl.LineError
	var ofMetrics *metrics.LineError
	var ofDocuments *loaders.LineError
	switch {
	case errors.As(err, &ofJSON):
		return ofJSON.Line, ofJSON.Err
	case errors.As(err, &ofMetrics):
		return ofMetrics.Line, ofMetrics.Err
	case errors.As(err, &ofDocuments):
		return ofDocuments.Line, ofDocuments.Err
	}
	return 0, err
}
