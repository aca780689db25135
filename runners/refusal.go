package runners

import (
	"net/http"
	"strconv"
	"time"
)

// StatusError is a refusal of a server.
type StatusError struct {
	Code    int    // HTTP status
	Message string // the server's words
}

func (e *StatusError) Error() string {
	text := strconv.Itoa(e.Code)
	if name := http.StatusText(e.Code); name != "" {
		text += " " + name
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// ParseRetryAfter reads the header of this name: seconds, or a date.
func ParseRetryAfter(header string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(date.Sub(now), 0), true
	}
	return 0, false
}
