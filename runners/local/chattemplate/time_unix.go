//go:build unix

package chattemplate

import (
	"syscall"
	"time"
)

// processorTime is the time that processors spent on this process.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for no process that asks about itself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
