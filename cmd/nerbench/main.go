// Command nerbench runs the UniversalNER benchmark: 49 datasets for named entity
// recognition, against any model. It stores the answers and computes the scores.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(realMain()) }

// realMain runs the program and returns the exit code. The first interrupt cancels the
// work, a second one ends the process at once. The end of the terminal is an interrupt,
// unless nohup makes the process ignore it.
func realMain() int {
	interrupts := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		interrupts = append(interrupts, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), interrupts...)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args, realEnvironment())
}
