package runners

import (
	"net/http"
	"strconv"
)

// StatusError is a refusal of a server.
type StatusError struct {
	Code    int    // HTTP status
	Message string // message of the server
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
