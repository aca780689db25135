package loop

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"nerbench/runners"
)

// failuresInARow is the number of passages that may fail one after another
// before Ask gives up on the server.
const failuresInARow = 3

// outage tells a server that is gone from one that failed a few passages. It
// counts failures that follow each other in time: of passages that were under
// way together, which fail together, one counts. So a dead server ends a run
// after the same time whether it was asked one passage at once or many.
type outage struct {
	mu    sync.Mutex
	row   int       // failures one after another
	last  time.Time // when the last one that counts was seen
	first error     // the first failure of the run
}

// judge takes in how a passage fared that got its slot at a certain time. An
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
	return fmt.Errorf("giving up: passages fail one after another: %w", failure)
}

func (o *outage) firstFailure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first
}
