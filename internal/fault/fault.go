// Package fault holds the kinds of errors that determine how a program ends: wrong
// usage, missing data, partial success. Other errors have no kind.
package fault

import "fmt"

// Hint adds advice to an error: one action that the user can take.
type Hint struct {
	Err    error
	Advice string // such as "ollama pull NAME"
}

func (e *Hint) Error() string { return e.Err.Error() }

func (e *Hint) Unwrap() error { return e.Err }

// UsageError reports a request that is invalid for any data and any server.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// Usagef formats a [UsageError].
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

// DataError reports data that is missing, not permitted, or does not match the
// recorded checksums.
type DataError struct{ Err error }

func (e *DataError) Error() string { return e.Err.Error() }

func (e *DataError) Unwrap() error { return e.Err }

// PartialError reports an incomplete result: some queries failed.
type PartialError struct{ Err error }

func (e *PartialError) Error() string { return e.Err.Error() }

func (e *PartialError) Unwrap() error { return e.Err }
