package llamacpp

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"nerbench/internal/parallel"
)

// aborts holds the threads on which an assertion of the library failed, so that the
// process can report the failure instead of ending.
type aborts struct {
	once    sync.Once
	reason  string
	failed  chan struct{} // closed at the first failure, after reason was set
	noticed chan struct{} // closed when a call has returned the failure
	notice  sync.Once
}

// unnoticed is the time after which the process ends if no call returns the failure.
const unnoticed = 10 * time.Second

func newAborts() *aborts {
	return &aborts{failed: make(chan struct{}), noticed: make(chan struct{})}
}

// hold keeps a failed thread for ever, if a call returns the failure.
func (a *aborts) hold(reason string) {
	a.once.Do(func() {
		a.reason = reason
		close(a.failed)
	})
	select {
	case <-a.noticed:
		select {} // the thread cannot go on
	case <-time.After(unnoticed):
	}
}

// err is the failure of the library; nil: it works.
func (a *aborts) err() error {
	select {
	case <-a.failed:
		a.notice.Do(func() { close(a.noticed) })
		reason := a.reason
		if _, assertion, ok := strings.Cut(reason, "GGML_ASSERT"); ok { // without the path of its source
			reason = "assertion " + assertion
		}
		return fmt.Errorf("llama.cpp failed: %s", strings.TrimSpace(reason))
	default:
		return nil
	}
}

// try makes a call of the library. If an assertion fails in it, try returns an error, and
// the call never ends: its thread is lost, and the library cannot be used again in this
// process.
func (l *Library) try(call func()) error {
	if err := l.aborts.err(); err != nil {
		return err
	}
	done := parallel.Go(func() error { call(); return nil })
	select {
	case err := <-done:
		return err
	case <-l.aborts.failed:
		return l.aborts.err()
	}
}

// free makes a call that frees memory, unless the library failed.
func (l *Library) free(call func()) {
	if l.aborts.err() == nil {
		call()
	}
}
