package open

import (
	"context"
	"sync"
)

// Kept keeps the model of a closed [Model] for the next one with the same name and
// settings: a model in the process (gguf/FILE, onnx/DIR), or a program (exec/NAME). So a
// command over many datasets loads or starts it once. It keeps at most one; it must be
// closed. A nil Kept keeps none.
type Kept struct {
	mu    sync.Mutex
	model keepable // nil: none
	loads int
}

// keepable is a model that can be asked about several datasets, one after the other.
type keepable interface {
	// Sound reports whether the model has answered all that it was asked.
	Sound() bool
	Close()
}

// turnable is a model that is opened with a configuration of type C.
type turnable[C any] interface {
	keepable
	// Turn lets the model answer the passages of another configuration, while it is asked
	// nothing. It returns false if the model must be closed and opened again. An error is one
	// that opening it would return, too: the model is as before.
	Turn(context.Context, C) (bool, error)
}

// reopen returns the model that is kept, if it is the one that is wanted, or else opens one.
func reopen[C any, M turnable[C]](ctx context.Context, k *Kept, c C, open func(context.Context, C) (M, error)) (M, error) {
	if kept := k.take(); kept != nil {
		if m, same := kept.(M); same {
			turned, err := m.Turn(ctx, c)
			if err != nil {
				k.release(m)
			}
			if turned || err != nil {
				return m, err
			}
		}
		kept.Close() // first: two models may not fit into the memory
	}
	m, err := open(ctx, c)
	if err == nil && k != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.loads++
	}
	return m, err
}

func (k *Kept) take() keepable {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := k.model
	k.model = nil
	return kept
}

// release keeps a model that is no longer asked. After a failure, it is closed: the next
// dataset gets a fresh one.
func (k *Kept) release(m keepable) {
	if k == nil || !m.Sound() {
		m.Close()
		return
	}
	k.Close()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.model = m
}

// Loads is the number of models that were loaded, and of programs that were started.
func (k *Kept) Loads() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.loads
}

// Close closes the model that is kept, if there is one.
func (k *Kept) Close() {
	if kept := k.take(); kept != nil {
		kept.Close()
	}
}
