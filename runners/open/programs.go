package open

import (
	"context"
	"sync"

	"nerbench/runners/exec"
)

// Programs keeps the program of a closed model (exec/NAME) open for the next model with the
// same settings, so that a command over many datasets starts it once. It keeps at most one
// program; it must be closed. A nil Programs keeps none.
type Programs struct {
	mu   sync.Mutex
	kept *exec.Runner // nil: none
}

// open returns the program that was kept, if it is the one that is wanted, or else starts
// one.
func (p *Programs) open(ctx context.Context, c exec.Config) (*exec.Runner, error) {
	if kept := p.take(); kept != nil {
		if kept.Turn(ctx, c) {
			return kept, nil
		}
		kept.Close() // first: two models may not fit into the memory
	}
	return exec.Open(ctx, c)
}

func (p *Programs) take() *exec.Runner {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.kept
	p.kept = nil
	return kept
}

// release keeps a program whose model was closed. After a failure, it is closed: the next
// model gets a fresh process.
func (p *Programs) release(r *exec.Runner) {
	if p == nil || !r.Sound() {
		r.Close()
		return
	}
	p.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = r
}

// Close ends the program that is kept, if there is one.
func (p *Programs) Close() {
	if kept := p.take(); kept != nil {
		kept.Close()
	}
}
