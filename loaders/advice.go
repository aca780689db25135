package loaders

import (
	"errors"
	"fmt"
)

// unreadable is an error with advice that concerns the file or its description.
type unreadable struct {
	err    error
	advice string
}

func (e *unreadable) Error() string { return e.err.Error() }

func (e *unreadable) Unwrap() error { return e.err }

// Advice returns advice about a file that cannot be read; empty if the error itself
// contains it.
func Advice(err error) string {
	if e, ok := errors.AsType[*unreadable](err); ok {
		return e.advice
	}
	switch {
	case errors.Is(err, errUTF8), errors.Is(err, errNUL):
		return EncodingAdvice
	case errors.Is(err, errNoSpans):
		return "the form of each family is in docs/formats.md"
	}
	return ""
}

// EncodingAdvice is the advice for a file that is not UTF-8.
const EncodingAdvice = "convert the file to UTF-8, for example with iconv -f LATIN1 -t UTF-8 (UTF-16 for files with NUL bytes)"

// unknownLabel is the error for a label that is not in the label map.
func (m *labelMap) unknownLabel(native []byte) error {
	return &unreadable{
		fmt.Errorf("unknown label %q (known: %s)", native, m.known()),
		fmt.Sprintf("add the label to labels in the file of dataset %s, with a type, or with drop = true to leave its spans out", m.dataset.ID),
	}
}
