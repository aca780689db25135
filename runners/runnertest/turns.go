package runnertest

import (
	"context"
	"testing"
)

// Turns reports whether an open model takes another configuration. It must return no error.
func Turns[C any](t testing.TB, r interface {
	Turn(context.Context, C) (bool, error)
}, c C) bool {
	t.Helper()
	turned, err := r.Turn(t.Context(), c)
	if err != nil {
		t.Error(err)
	}
	return turned
}
