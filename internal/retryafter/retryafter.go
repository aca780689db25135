// Package retryafter reads the HTTP header Retry-After.
package retryafter

import (
	"net/http"
	"strconv"
	"time"
)

// Parse returns the time to wait from now on. The header holds seconds or a date; ok is
// false if it holds neither. A date in the past means no wait.
func Parse(header string, now time.Time) (wait time.Duration, ok bool) {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(date.Sub(now), 0), true
	}
	return 0, false
}
