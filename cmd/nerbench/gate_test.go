package main

import (
	"strings"
	"sync"
)

// gate is a fake server that answers so many queries, and holds the answers to all others
// until it may answer more: what a test does meanwhile does not depend on its speed.
type gate struct {
	mu   sync.Mutex
	more *sync.Cond
	left int // queries that may be answered
	open bool
}

// hold puts a gate before the answers of the workplace's server. It opens when the test
// ends, at the latest.
func (w *workplace) hold(after int) *gate {
	g := &gate{left: after}
	g.more = sync.NewCond(&g.mu)
	answer := w.fake.Answer
	w.fake.Change(func(prompt string) string {
		if strings.Contains(prompt, "Text: ") { // not the one that loads the model
			g.pass()
		}
		return answer(prompt)
	})
	w.t.Cleanup(g.release) // before the server waits for its requests
	return g
}

// pass waits until another query may be answered.
func (g *gate) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.left == 0 && !g.open {
		g.more.Wait()
	}
	if g.left > 0 {
		g.left--
	}
}

// allow lets the server answer so many queries more.
func (g *gate) allow(queries int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left += queries
	g.more.Broadcast()
}

// release lets the server answer all queries.
func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = true
	g.more.Broadcast()
}
