package runners

import (
	"context"
	"sync"
)

// storedKey is the key of the [notice] of [WithStored].
type storedKey struct{}

// notice is what is called once the answers of a call are stored.
type notice struct {
	mu   sync.Mutex
	list []func()
}

// WithStored returns a context for [Runner.Complete] of a caller that stores the answers.
// It calls stored once they are stored, or are not wanted; it does not if storing fails.
func WithStored(ctx context.Context) (asking context.Context, stored func()) {
	n := &notice{}
	return context.WithValue(ctx, storedKey{}, n), n.call
}

func (n *notice) call() {
	n.mu.Lock()
	list := n.list
	n.list = nil
	n.mu.Unlock()
	for _, f := range list {
		f()
	}
}

// WhenStored is for runners that keep answers until they are stored. f is called once those
// that Complete returns are stored. It must not block. false: the caller of Complete does
// not tell, and f is never called.
func WhenStored(ctx context.Context, f func()) bool {
	n, ok := ctx.Value(storedKey{}).(*notice)
	if !ok {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, f)
	return true
}
