// Command nerbench runs the UniversalNER benchmark: 49 datasets of named-entity
// data against any model, answers kept, scores derived.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(realMain()) }

// realMain runs the program on the real process. The first interrupt cancels
// the work, a second one ends the process at once.
func realMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args, realEnvironment())
}
