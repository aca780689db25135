//go:build unix

package processor

import (
	"syscall"
	"time"
)

// Time is the time that processors spent on this process.
func Time() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for no process that asks about itself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
