package parallel_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/parallel"
)

func TestGuard(t *testing.T) {
	var none []int
	err := parallel.Guard(func() error { return errors.New(string(rune(none[3]))) })
	if fault, ok := errors.AsType[*parallel.PanicError](err); !ok || !strings.Contains(fault.Place, "TestGuard") || !strings.HasPrefix(err.Error(), "internal error: runtime error: index out of range [3] with length 0 (nerbench/") {
		t.Errorf("error %v", err)
	}
	long := parallel.Guard(func() error { panic(strings.Repeat("long\n", 1000)) })
	if strings.Contains(long.Error(), "\n") || len(long.Error()) > 500 {
		t.Errorf("error %v", long)
	}
	want := errors.New("usual")
	if err := parallel.Guard(func() error { return want }); err != want {
		t.Errorf("error %v", err)
	}
}

// TestMapPanics: a worker or a sequence that panics ends the iteration with an error.
func TestMapPanics(t *testing.T) {
	numbers := func(last int) func(yield func(int, error) bool) {
		return func(yield func(int, error) bool) {
			for i := 0; ; i++ {
				if i == last {
					panic("the sequence")
				}
				if !yield(i, nil) {
					return
				}
			}
		}
	}
	for _, tc := range []struct {
		name         string
		last, worker int
		want         string
	}{{"worker", -1, 3, "the worker"}, {"sequence", 3, -1, "the sequence"}} {
		t.Run(tc.name, func(t *testing.T) {
			work := func(n int) (int, error) {
				if n == tc.worker {
					panic("the worker")
				}
				return n, nil
			}
			var got []int
			var failure error
			for n, err := range parallel.Map(context.Background(), numbers(tc.last), parallel.OnAllProcessors(work)) {
				if err != nil {
					failure = err
					break
				}
				got = append(got, n)
			}
			if !slices.Equal(got, []int{0, 1, 2}) || !errors.As(failure, new(*parallel.PanicError)) || !strings.Contains(failure.Error(), tc.want) {
				t.Errorf("got %v, %v", got, failure)
			}
		})
	}
}
