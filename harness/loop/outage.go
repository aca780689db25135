package loop

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"nerbench/runners"
)

// failuresInARow is the number of passages that fail in a row before Ask stops.
const failuresInARow = 3

// outage detects a server that fails for good. It counts failures in a row. Passages
// that were in work at the same time fail together, and count as one failure, so that
// the number of slots does not matter.
type outage struct {
	mu    sync.Mutex
	row   int       // number of failures in a row
	last  time.Time // time of the last counted failure
	first error     // the first failure of the run
}

// judge counts the outcome of a passage that got its slot at the time began. An
// error ends the run.
func (o *outage) judge(began time.Time, answered int, failure error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if answered > 0 {
		o.row = 0
	}
	if failure == nil {
		return nil
	}
	if o.first == nil {
		o.first = failure
	}
	if errors.Is(failure, runners.ErrFatal) {
		return failure
	}
	if o.row < failuresInARow && (o.row == 0 || !began.Before(o.last)) {
		o.row, o.last = o.row+1, time.Now()
	}
	if o.row < failuresInARow {
		return nil
	}
	return fmt.Errorf("giving up: several passages in a row failed: %w", failure)
}

func (o *outage) firstFailure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first
}
