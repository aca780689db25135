// Package files evaluates files without a store: it scores predictions, columns of
// tags and pairs of answers, compares two files of predictions, parses raw answers,
// and aligns mentions with texts. Offsets in files count code points.
//
// Errors about an input name the file and the line. A wrong option is a
// [fault.UsageError].
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"nerbench/internal/jsonl"
	"nerbench/loaders"
	"nerbench/metrics"
)

// File is an input: a file on disk, or an open stream.
type File struct {
	// Name is the path of the file. Errors call it, or the stream, by this name.
	Name string
	// In is the stream. If it is nil, the file is opened.
	In io.Reader
}

// Read opens the file if need be, and reads it. Errors are given the name of the
// file, and the line where there is one.
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
	return f.named(read(in))
}

// named gives an error the name of the file, unless it has the name of a file
// already, or is not about the input.
func (f File) named(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, new(*os.PathError)) || errors.As(err, new(*namedError)) {
		return err
	}
	if line, cause := lineOf(err); line > 0 {
		return &namedError{fmt.Errorf("%s:%d: %w", f.Name, line, cause)}
	}
	return &namedError{fmt.Errorf("%s: %w", f.Name, err)}
}

func (f File) isGiven() bool { return f.Name != "" || f.In != nil }

// namedError names its file.
type namedError struct{ error }

func (e *namedError) Unwrap() error { return e.error }

// lineOf is the line that an error is about, from 1, and what is wrong with it. The
// line is 0 if the error is about no line.
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
