//go:build !linux

package processor

// PeakMemory is 0: this system does not report it.
func PeakMemory() int64 { return 0 }
