package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// rowNotes tells what happens while a dataset is asked: one line each, above the
// bar if there is one. Failures come in swarms, one for each passage that is
// under way; what follows within a second is counted, not told.
type datasetNotes struct {
	env     *environment
	dataset string

	mu   sync.Mutex
	bar  io.Writer // writes above the bar; nil: there is none
	last time.Time
	held int
}

// between is the least time between two notes.
const between = time.Second

// tell is called from several goroutines at once.
func (n *datasetNotes) tell(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if time.Since(n.last) < between {
		n.held++
		return
	}
	if n.held > 0 {
		what += fmt.Sprintf(" (and %d more like it)", n.held)
	}
	n.last, n.held = time.Now(), 0
	if n.bar == nil || n.env.quiet {
		n.env.note("%s: %s", n.dataset, what)
		return
	}
	fmt.Fprintf(n.bar, "nerbench: %s: %s\n", n.dataset, what) // a note is not worth an error
}

// under makes notes go above a bar; nil: there is none any more.
func (n *datasetNotes) under(bar io.Writer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.bar = bar
}
