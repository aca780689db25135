package fleet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/open"
)

// failing is a runner that fails.
type failing struct{ err error }

func (f failing) Complete(context.Context, []ner.Query) ([]ner.Completion, error) { return nil, f.err }

// TestRest: after a temporary failure, such as that of a dead server, a worker pulls no
// passage until others could take the one that failed. Other failures do not slow it down.
func TestRest(t *testing.T) {
	for _, tc := range []struct {
		err   error
		rests bool
	}{
		{fmt.Errorf("connection refused: %w", runners.ErrTemporary), true},
		{errors.New("the prompt is malformed"), false},
	} {
		w := &Worker{Times: Times{}.withDefaults(), wake: make(chan struct{}, 1)}
		l := &loaded{ctx: t.Context(), model: &open.Model{Runner: failing{tc.err}, Slots: newSlots(1)}}
		k := &work{passage: passage{Prompts: make([]prompt, 1)}}
		w.compute(l, k)
		if rests := time.Until(w.resting) > w.Times.Dial; rests != tc.rests || !k.answer.Again {
			t.Errorf("%v: rests %t, answer %+v", tc.err, rests, k.answer)
		}
	}
}

// TestUnreachableIsSaidOnce: the failures of two attempts to connect are the same text,
// though each has another port.
func TestUnreachableIsSaidOnce(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var said []string
	for range 2 {
		conn, err := net.Dial("tcp", silent.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(-time.Second))
		_, err = conn.Read(make([]byte, 1))
		said = append(said, withoutSource(err).Error())
		conn.Close()
	}
	if want := "read tcp " + silent.Addr().String() + ": i/o timeout"; said[0] != want || said[1] != want {
		t.Errorf("said %q, want %q", said, want)
	}
}
