package loop

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"nerbench/runners"
)

// failuresInARow is the number of passages that fail in a row before Ask stops.
// refusalsInARow is that of passages that a server refuses while it answers others: a
// content filter may refuse several passages about one event.
const (
	failuresInARow = 3
	refusalsInARow = 10
)

// outage detects a server that fails for good. It counts failures in a row. Passages
// that were in work at the same time fail together, and count as one failure, so that
// the number of slots does not matter.
type outage struct {
	mu       sync.Mutex
	row      int       // number of failures in a row
	last     time.Time // time of the last counted failure
	first    error     // the first failure of the run
	answered bool      // the server has answered a query

	// held are the passages that were refused since the last answer, freed those that
	// were refused before it. They are recorded when the server answers again: a server
	// that refuses everything has another fault.
	held, freed []func() error
}

// refusedError is the refusal of all queries of a passage.
type refusedError struct{ document, answerer, why string }

func (e *refusedError) Error() string {
	return fmt.Sprintf("document %s: %s refused it: %s", e.document, e.answerer, e.why)
}

// judge counts the outcome of a passage that got its slot at the time began. answered is
// the number of its answers, without refusals. An error ends the run.
func (o *outage) judge(began time.Time, answered int, failure error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if answered > 0 {
		o.row, o.answered = 0, true
		o.free()
	}
	if failure == nil {
		return nil
	}
	_, refused := errors.AsType[*refusedError](failure)
	if o.first == nil && !refused {
		o.first = failure
	}
	if errors.Is(failure, runners.ErrFatal) {
		return failure
	}
	if o.row == 0 || !began.Before(o.last) {
		o.row, o.last = o.row+1, time.Now()
	}
	switch {
	case refused && o.answered && o.row < refusalsInARow, o.row < failuresInARow:
		return nil
	case refused:
		return fmt.Errorf("giving up: several passages in a row were refused: %w", failure)
	}
	return fmt.Errorf("giving up: several passages in a row failed: %w", failure)
}

// hold keeps a refused passage until the server answers again.
func (o *outage) hold(record func() error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held = append(o.held, record)
}

func (o *outage) free() { o.freed, o.held = append(o.freed, o.held...), nil }

// release records the passages that were refused before the last answer.
func (o *outage) release() error {
	o.mu.Lock()
	freed := o.freed
	o.freed = nil
	o.mu.Unlock()
	var faults []error
	for _, record := range freed {
		faults = append(faults, record())
	}
	return errors.Join(faults...)
}

// settle frees all passages that were refused, at the end of a run.
func (o *outage) settle() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.free()
}

// prove notes that the server can answer.
func (o *outage) prove() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answered = true
}

// proven reports whether the server has answered a query.
func (o *outage) proven() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.answered
}

// blame notes the reason of an incomplete passage.
func (o *outage) blame(failure error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.first == nil {
		o.first = failure
	}
}

func (o *outage) firstFailure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first
}
