package parallel_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"nerbench/internal/parallel"
)

var errFault = errors.New("fault")

// numbers yields 0 to n-1, then an error if it is not nil.
func numbers(n int, err error) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

func repeated(n int, work func(int) (int, error)) []func(int) (int, error) {
	return slices.Repeat([]func(int) (int, error){work}, n)
}

func TestMap(t *testing.T) {
	square := func(i int) (int, error) { return i * i, nil }
	failingAt := func(at int) func(int) (int, error) {
		return func(i int) (int, error) {
			if i < at {
				runtime.Gosched() // later blocks finish first
				return i * i, nil
			}
			return 0, fmt.Errorf("block %d: %w", i, errFault)
		}
	}
	for name, tc := range map[string]struct {
		n    int
		err  error
		work func(int) (int, error)
		want int // results before the error
		why  string
	}{
		"no blocks":                                 {0, nil, square, 0, ""},
		"more blocks than workers":                  {1000, nil, square, 1000, ""},
		"the sequence fails":                        {7, errFault, square, 7, "fault"},
		"the sequence fails at once":                {0, errFault, square, 0, "fault"},
		"workers fail, the first error is returned": {1000, nil, failingAt(13), 13, "block 13: fault"},
		"a worker fails before the blocks":          {20, errFault, failingAt(19), 19, "block 19: fault"},
	} {
		for _, workers := range []int{1, 2, 5} {
			t.Run(fmt.Sprintf("%s, %d workers", name, workers), func(t *testing.T) {
				got, why := 0, ""
				for out, err := range parallel.Map(t.Context(), numbers(tc.n, tc.err), repeated(workers, tc.work)) {
					if why != "" {
						t.Fatal("results after an error")
					}
					if err != nil {
						why = err.Error()
						continue
					}
					if out != got*got {
						t.Fatalf("result %d is %d, want %d", got, out, got*got)
					}
					got++
				}
				if got != tc.want || why != tc.why {
					t.Errorf("%d results and error %q, want %d and %q", got, why, tc.want, tc.why)
				}
			})
		}
	}
}

// A worker is never called concurrently: it counts without a mutex, under the race
// detector.
func TestWorkersKeepState(t *testing.T) {
	var counts [3]int
	var workers []func(int) (int, error)
	for i := range counts {
		workers = append(workers, func(n int) (int, error) { counts[i]++; return n, nil })
	}
	for _, err := range parallel.Map(t.Context(), numbers(1000, nil), workers) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if sum := counts[0] + counts[1] + counts[2]; sum != 1000 {
		t.Errorf("%d calls, want 1000", sum)
	}
}

// If the caller takes no results, only a bounded number of blocks is read. synctest
// waits until all goroutines are blocked and checks that none remains.
func TestBound(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
			read := 0
			blocks := func(yield func(int, error) bool) {
				for read++; yield(read, nil); read++ {
				}
			}
			n := 0
			for _, err := range parallel.Map(t.Context(), blocks, repeated(workers, func(i int) (int, error) { return i, nil })) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				synctest.Wait()
				if waiting := read - n; waiting != 2*workers+1 {
					t.Fatalf("%d workers: %d blocks are read and not yielded, want %d", workers, waiting, 2*workers+1)
				}
				if n == 100 {
					break
				}
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var worked atomic.Int64
		endless := func(yield func(int, error) bool) {
			for yield(0, nil) {
			}
		}
		n := 0
		var last error
		for _, err := range parallel.Map(ctx, endless, repeated(2, func(int) (int, error) { worked.Add(1); return 0, nil })) {
			if last = err; err != nil {
				continue
			}
			if n++; n == 10 {
				cancel()
				synctest.Wait()
			}
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("ends with %v, want the error of the context", last)
		}
		if most := int64(10 + 2*2 + 1); worked.Load() > most {
			t.Errorf("%d blocks were processed, want at most %d", worked.Load(), most)
		}
	})
}

func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range parallel.Map(ctx, numbers(0, nil), repeated(2, nil)) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
		return
	}
	t.Error("no error")
}

func TestBlocks(t *testing.T) {
	for name, tc := range map[string]struct {
		n    int
		err  error
		want string
	}{
		"empty":             {0, nil, ""},
		"exact":             {6, nil, "[0 1 2] [3 4 5] "},
		"rest":              {4, nil, "[0 1 2] [3] "},
		"an error":          {4, errFault, "[0 1 2] [3] fault"},
		"an error at a cut": {3, errFault, "[0 1 2] fault"},
		"only an error":     {0, errFault, "fault"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for block, err := range parallel.Blocks(numbers(tc.n, tc.err), 3) {
				if err != nil {
					got += err.Error()
				} else {
					got += fmt.Sprint(block) + " "
				}
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	for range parallel.Blocks(numbers(9, nil), 3) {
		break // the consumer stops
	}
}

func TestOnAllProcessors(t *testing.T) {
	sum := 0
	double := func(i int) (int, error) { return 2 * i, nil }
	for out, err := range parallel.Map(t.Context(), numbers(10, nil), parallel.OnAllProcessors(double)) {
		if err != nil {
			t.Fatal(err)
		}
		sum += out
	}
	if sum != 90 {
		t.Errorf("sum %d, want 90", sum)
	}
}
