package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Go runs f on a goroutine. The channel receives its error, which is a [PanicError] if f
// panics, and is closed then.
func Go(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() {
		defer close(done)
		done <- Guard(f)
	}()
	return done
}

// Group runs functions on goroutines, like [sync.WaitGroup]. A panic does not end the
// process: Wait repeats it on the goroutine that waits. The zero value is ready to use.
type Group struct {
	wait  sync.WaitGroup
	first atomic.Pointer[PanicError]
}

// Go runs f on a goroutine.
func (g *Group) Go(f func()) {
	g.wait.Go(func() {
		if err := Guard(func() error { f(); return nil }); err != nil {
			g.first.CompareAndSwap(nil, err.(*PanicError))
		}
	})
}

// Wait waits until all functions have ended. If one of them panicked, Wait panics with the
// first [PanicError].
func (g *Group) Wait() {
	g.wait.Wait()
	if fault := g.first.Load(); fault != nil {
		panic(fault)
	}
}

// Each calls f with 0 to n-1 on all processors and waits. A panic of f prevents further
// calls, and is repeated by Each.
func Each(n int, f func(int)) {
	var next atomic.Int64
	var group Group
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && group.first.Load() == nil; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	group.Wait()
}
