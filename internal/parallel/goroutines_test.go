package parallel_test

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/internal/parallel"
)

// fail panics with an index that does not exist.
func fail(i int) int { return []int{}[i] }

func TestGo(t *testing.T) {
	want := errors.New("usual")
	if err := <-parallel.Go(func() error { return want }); err != want {
		t.Errorf("error %v", err)
	}
	done := parallel.Go(func() error { fail(7); return nil })
	if err := <-done; !errors.As(err, new(*parallel.PanicError)) || !strings.Contains(err.Error(), "index out of range [7]") || !strings.Contains(err.Error(), "parallel_test.fail:") {
		t.Errorf("error %v", err)
	}
	if err, open := <-done; err != nil || open {
		t.Errorf("a second receive: %v, %t", err, open)
	}
	if err, open := <-parallel.Go(func() error { runtime.Goexit(); return want }); err != nil || open {
		t.Errorf("a goroutine that ends itself: %v, %t", err, open)
	}
}

// TestGroupPanics: the panic reaches the goroutine that waits, after all have ended, and
// names the place where it happened.
func TestGroupPanics(t *testing.T) {
	var ended atomic.Int64
	release := make(chan struct{})
	err := parallel.Guard(func() error {
		var group parallel.Group
		group.Go(func() {
			defer close(release)
			fail(3)
		})
		for range 3 {
			group.Go(func() { <-release; ended.Add(1) })
		}
		group.Wait()
		return nil
	})
	if fault, ok := errors.AsType[*parallel.PanicError](err); !ok || !strings.Contains(fault.Place, "parallel_test.fail:") || !strings.Contains(fault.Line(), "index out of range [3]") {
		t.Errorf("error %v", err)
	}
	if ended.Load() != 3 {
		t.Errorf("Wait returned after %d of 3 other goroutines", ended.Load())
	}
	var group parallel.Group
	group.Go(func() { ended.Add(1) })
	if group.Wait(); ended.Load() != 4 {
		t.Error("Wait did not wait")
	}
}

func TestEach(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		calls := make([]atomic.Int64, n)
		parallel.Each(n, func(i int) { calls[i].Add(1) })
		for i := range calls {
			if calls[i].Load() != 1 {
				t.Errorf("%d of %d: %d calls", i, n, calls[i].Load())
			}
		}
	}
	var calls atomic.Int64
	err := parallel.Guard(func() error {
		parallel.Each(1_000_000, func(i int) {
			calls.Add(1)
			fail(i)
		})
		return nil
	})
	if most := int64(runtime.GOMAXPROCS(0)); !errors.As(err, new(*parallel.PanicError)) || calls.Load() > most {
		t.Errorf("%d calls, error %v", calls.Load(), err)
	}
}
