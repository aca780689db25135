//go:build unix

package exec

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"nerbench/ner"
)

// TestTheGroupIsKilled: when a run is interrupted, nothing of the program is left, not even
// processes that it started.
func TestTheGroupIsKilled(t *testing.T) {
	children := make(chan int, 1)
	r := opened(t, "parent", func(c *Config) {
		c.Log = func(line string) {
			var pid int
			if _, err := fmt.Sscanf(line, "exec/test: child %d", &pid); err == nil {
				children <- pid
			}
		}
	})
	pid := <-children
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := r.Complete(ctx, []ner.Query{about("x")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v", err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the child has ended before: %v", err)
	}
	r.Close()
	for range 500 { // init takes care of it
		if syscall.Kill(pid, 0) == syscall.ESRCH {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the child of the program still runs")
}
