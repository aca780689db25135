package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"nerbench/runners"
)

// The exit codes (also in the help text).
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitPartial     = 3 // finished, but some queries failed or passages are incomplete
	exitData        = 4 // data missing, not permitted, or not what the lock says
	exitInterrupted = 130
)

// codedError is an error that ends the program with a certain exit code.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }

func (e *codedError) Unwrap() error { return e.err }

// usagef is an error of the caller's: exit code 2.
func usagef(format string, args ...any) error {
	return &codedError{exitUsage, fmt.Errorf(format, args...)}
}

// dataError marks an error as one of data that is missing or not as locked:
// exit code 4.
func dataError(err error) error { return &codedError{exitData, err} }

// partialError marks a result that is not whole: exit code 3.
func partialError(err error) error { return &codedError{exitPartial, err} }

// exit prints the error, if any, and returns the exit code. It is the one place
// where errors become exit codes.
func (env *environment) exit(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	code := exitError
	var coded *codedError
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		code = exitInterrupted
		err = fmt.Errorf("interrupted: all answers so far are kept")
	case errors.As(err, &coded):
		code = coded.code
	}
	var hint *runners.Hint
	if !errors.As(err, &hint) {
		if advice := storeAdvice(err); advice != "" {
			hint = &runners.Hint{Err: err, Advice: advice}
		}
	}
	if env.json {
		e := map[string]any{"error": err.Error(), "exit": code}
		if hint != nil {
			e["hint"] = hint.Advice
		}
		line, _ := json.Marshal(e) // a map of strings and a number cannot fail
		fmt.Fprintf(env.stderr, "%s\n", line)
		return code
	}
	fmt.Fprintf(env.stderr, "nerbench: %v\n", err)
	if hint != nil {
		fmt.Fprintf(env.stderr, "nerbench: hint: %s\n", hint.Advice)
	}
	return code
}
