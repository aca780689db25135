package ollama

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"nerbench/internal/fault"
	"nerbench/internal/retry"
	"nerbench/runners"
)

// tooLong reports whether the server refused a prompt because it exceeds the context.
// Ollama 0.24.0 returns status 400 with the text "the input length exceeds the context
// length"; other messages with status 400 have other causes.
func tooLong(err error) bool {
	status, ok := errors.AsType[*runners.StatusError](err)
	if !ok {
		return false
	}
	m := strings.ToLower(status.Message)
	return strings.Contains(m, "exceed") && strings.Contains(m, "context")
}

// refused converts a response other than 200 to an error: temporary if a retry may help,
// else one that ends the run.
func (r *Runner) refused(response *http.Response, body []byte) error {
	status := &runners.StatusError{Code: response.StatusCode, Message: message(body)}
	switch {
	case tooLong(status):
		return status
	case status.Code == http.StatusNotFound:
		return &fault.Hint{Err: fmt.Errorf("%w: %w", runners.ErrFatal, status), Advice: "ollama pull " + r.config.Model}
	case !temporary(status):
		return fmt.Errorf("%w: %w", runners.ErrFatal, status)
	}
	err := fmt.Errorf("%w: %w", runners.ErrTemporary, status)
	if wait, ok := retry.After(response.Header.Get("Retry-After"), time.Now()); ok {
		return &runners.RetryAfter{Wait: wait, Err: err}
	}
	return err
}

// message is the error message in the body of a refusal: its member "error", or the
// first line of a body that is not JSON, as proxies send it.
func message(body []byte) string {
	var refusal struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(body, &refusal); err == nil {
		return refusal.Error
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
	return strings.ToValidUTF8(string(line[:min(len(line), 200)]), "")
}

// temporary reports whether a retry may help. Ollama returns 499 for a request that it
// cancelled itself. It returns 500 if its runner crashed (it restarts the runner), but
// also for an invalid option or schema.
func temporary(e *runners.StatusError) bool {
	switch e.Code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, 499:
		return true
	case http.StatusInternalServerError:
		for _, fault := range []string{"invalid JSON schema", "invalid format", "must be of type", "failed to parse grammar"} {
			if strings.Contains(e.Message, fault) {
				return false
			}
		}
		return true
	}
	return e.Code > 500
}

// broken makes a temporary error of a failed or lost connection.
func broken(err error) error { return fmt.Errorf("%w: %w", runners.ErrTemporary, err) }
