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
// work, a second one ends the process at once.
func realMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args, realEnvironment())
}
