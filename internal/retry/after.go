package retry

import (
	"net/http"
	"strconv"
	"time"
)

// After returns the time to wait by the HTTP header Retry-After. It holds seconds or a date; ok is
// false if it holds neither. A date in the past means no wait.
func After(header string, now time.Time) (wait time.Duration, ok bool) {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(date.Sub(now), 0), true
	}
	return 0, false
}
