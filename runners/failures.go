package runners

import (
	"context"
	"errors"
	"sync/atomic"
)

// ErrMisread marks an answer that is not what was asked for: no JSON, or other
// members than those that were expected.
var ErrMisread = errors.New("answer is not what was asked for")

// Failures counts what went wrong and was asked again, by kind. The zero value is
// ready; it may be used by several goroutines at once.
type Failures struct {
	refused, late, misread, broken atomic.Int64
}

// Count takes note of a temporary failure.
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

// Counts are those that are not 0, by the names of ner.Facts.
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
