//go:build unix

package results

import (
	"errors"
	"syscall"
)

// processExists reports whether this host has a process with a number.
func processExists(number int) bool {
	err := syscall.Kill(number, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
