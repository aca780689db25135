package processor

import (
	"testing"
	"time"
)

// TestTime: the time of this process grows while it works.
func TestTime(t *testing.T) {
	before := Time()
	for n := 0; Time() < before+10*time.Millisecond; n++ {
		if n == 1<<30 {
			t.Fatalf("it stays at %s", Time())
		}
	}
}
