package processor

import (
	"fmt"
	"os"
	"strings"
)

// PeakMemory is the largest resident memory, in bytes, that this process has had since it
// began; 0 if the system does not report it. The peak that a parent reads at the end (Maxrss)
// includes the memory of the parent, from which the process was made.
func PeakMemory() int64 {
	text, _ := os.ReadFile("/proc/self/status")
	var kib int64
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}
