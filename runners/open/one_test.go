package open

import (
	"context"
	"errors"
	"testing"
)

// fake is a model that counts how many of its kind are open.
type fake struct {
	open    *int
	name    string
	unsound bool
	t       *testing.T
}

func (f *fake) Sound() bool { return !f.unsound }

func (f *fake) Close() {
	if *f.open--; *f.open < 0 {
		f.t.Error("closed twice")
	}
}

var errAbsent = errors.New("no such model")

func (f *fake) Turn(_ context.Context, name string) (bool, error) {
	if name == "wrong" {
		return false, errAbsent
	}
	return f.Sound() && f.name == name, nil
}

// TestKeptOneAtATime: there is never a second model, and none at the end, in whatever order
// models are asked, fail, and cannot be opened.
func TestKeptOneAtATime(t *testing.T) {
	n := 0
	load := func(_ context.Context, name string) (*fake, error) {
		if n++; n > 1 {
			t.Errorf("%s: %d models are open", name, n)
		}
		if name == "" || name == "wrong" {
			n--
			return nil, errAbsent
		}
		return &fake{open: &n, name: name, t: t}, nil
	}
	for _, k := range []*Kept{nil, {}} {
		for i, name := range []string{"a", "wrong", "a", "b", "", "b", "fails", "fails", "a"} {
			m, err := reopen(t.Context(), k, name, load)
			if (err != nil) != (name == "" || name == "wrong") {
				t.Fatalf("%d, %s: %v", i, name, err)
			}
			if err != nil {
				continue
			}
			if m.name != name {
				t.Errorf("%d: %s is asked, not %s", i, m.name, name)
			}
			m.unsound = name == "fails"
			k.release(m)
			if open := n; (open == 0) != (k == nil || m.unsound) {
				t.Errorf("%d, %s: %d models are open", i, name, open)
			}
		}
		if k != nil {
			if k.Loads() != 6 {
				t.Errorf("%d loads, want 6", k.Loads())
			}
			// A model of another kind may need the memory.
			if _, err := Open(t.Context(), Spec{Name: "vllm/x", Servers: []string{"no address"}, Kept: k}); err == nil || n != 0 {
				t.Errorf("%d models are open, %v", n, err)
			}
			k.Close()
		}
		if n != 0 {
			t.Errorf("%d models are open at the end", n)
		}
	}
}
