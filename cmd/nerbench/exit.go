package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/loaders"
)

// The exit codes, as in the help text.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitPartial     = 3 // finished, but some queries failed or passages are incomplete
	exitData        = 4 // data missing, not permitted, or different from the recorded checksums
	exitInterrupted = 130
	exitTerminated  = 143 // a worker was told to end (SIGTERM)
)

// errTerminated ends a worker.
var errTerminated = errors.New("terminated: the unfinished passages went back to the queue")

// exitCode returns the exit code of an error by its kind.
func exitCode(err error) int {
	switch {
	case errors.As(err, new(*fault.UsageError)):
		return exitUsage
	case errors.As(err, new(*fault.DataError)):
		return exitData
	case errors.As(err, new(*fault.PartialError)):
		return exitPartial
	case errors.Is(err, errTerminated):
		return exitTerminated
	}
	return exitError
}

// exit prints the error, if any, and returns the exit code.
func (env *environment) exit(ctx context.Context, err error) int {
	if err == nil && env.out != nil {
		err = env.out.fault()
	}
	if err == nil {
		return exitOK
	}
	code := exitCode(err)
	hint, _ := err.(*fault.Hint) // advice of the command itself, which also holds if it was interrupted
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		code = exitInterrupted
		err = errors.New("interrupted")
		if env.asking {
			err = errors.New("interrupted: all answers so far are stored")
		}
	}
	if hint == nil && !errors.As(err, &hint) {
		if advice := cmp.Or(harness.StoreAdvice(err), loaders.Advice(err)); advice != "" {
			hint = &fault.Hint{Err: err, Advice: advice}
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
	fmt.Fprintf(env.stderr, "%s %v\n", env.paint(env.stderr, red, "nerbench:"), err)
	if hint != nil {
		fmt.Fprintf(env.stderr, "nerbench: %s %s\n", env.paint(env.stderr, cyan, "hint:"), hint.Advice)
	}
	return code
}
