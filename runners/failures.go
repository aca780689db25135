package runners

import (
	"context"
	"errors"
	"sync/atomic"
)

// ErrMisread marks a malformed response: it is not JSON, or has unexpected members.
var ErrMisread = errors.New("malformed response")

// Failures counts retried failures by kind. The zero value is ready for use, by
// several goroutines at once.
type Failures struct {
	refused, late, misread, broken atomic.Int64
}

// Count adds a temporary failure.
func (f *Failures) Count(err error) {
	switch _, status := errors.AsType[*StatusError](err); {
	case status:
		f.refused.Add(1)
	case errors.Is(err, context.DeadlineExceeded):
		f.late.Add(1)
	case errors.Is(err, ErrMisread):
		f.misread.Add(1)
	default:
		f.broken.Add(1)
	}
}

// Counts returns the counts that are not 0, by the names of ner.Facts.
func (f *Failures) Counts() map[string]int64 {
	out := map[string]int64{}
	for name, n := range map[string]int64{
		"failed_refused": f.refused.Load(), "failed_late": f.late.Load(), "failed_misread": f.misread.Load(), "failed_broken": f.broken.Load(),
	} {
		if n > 0 {
			out[name] = n
		}
	}
	return out
}
