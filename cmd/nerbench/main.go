// Command nerbench runs the UniversalNER benchmark: 49 datasets for named entity
// recognition, against any model. It stores the answers and computes the scores.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"nerbench/internal/parallel"
	"nerbench/runners/local/chattemplate"
)

func main() { os.Exit(realMain()) }

// realMain runs the program and returns the exit code. The first interrupt cancels the
// work, a second one ends the process at once. The end of the terminal is an interrupt,
// unless nohup makes the process ignore it.
func realMain() int {
	if chattemplate.Serve() {
		return exitOK
	}
	log.SetOutput(io.Discard) // net/http prints what servers send unasked
	ignoreFileSizeSignal()
	interrupts := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		interrupts = append(interrupts, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), interrupts...)
	defer stop()
	context.AfterFunc(ctx, stop)
	return guarded(os.Stderr, func() int { return run(ctx, os.Args, realEnvironment()) })
}

// guarded returns the exit code of f. If f panics, it is that of an error: Go would exit
// with the code of a wrong usage.
func guarded(stderr io.Writer, f func() int) (code int) {
	err := parallel.Guard(func() error {
		code = f()
		return nil
	})
	if err != nil {
		fmt.Fprintln(stderr, "nerbench:", err)
		return exitError
	}
	return code
}
