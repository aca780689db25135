package parallel

import (
	"fmt"
	"runtime"
	"strings"
)

// PanicError is a fault of the program that stopped one piece of work.
type PanicError struct {
	Reason any
	Place  string // function and line; empty: unknown
}

// Line is the reason as one line that is not too long.
func (e *PanicError) Line() string {
	reason := strings.Join(strings.Fields(fmt.Sprint(e.Reason)), " ")
	if len(reason) > 300 {
		reason = strings.ToValidUTF8(reason[:300], "") + "…"
	}
	return reason
}

func (e *PanicError) Error() string {
	text := "internal error: " + e.Line()
	if e.Place != "" {
		text += " (" + e.Place + ")"
	}
	return text + ": please report it"
}

// Guard calls f. If f panics, the error is a [PanicError]; that of a
// [Group] stays as it is.
func Guard(f func() error) (err error) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case *PanicError:
			err = reason
		default:
			err = &PanicError{Reason: reason, Place: place()}
		}
	}()
	return f()
}

// place is the function of this module that panicked, or that called the one that did.
func place() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])]) // without Callers, place and the deferred function
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "nerbench/") || strings.HasPrefix(frame.Function, "main.") {
			return fmt.Sprintf("%s:%d", frame.Function, frame.Line)
		}
		if !more {
			return ""
		}
	}
}
