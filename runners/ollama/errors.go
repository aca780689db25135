package ollama

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"nerbench/internal/fault"
	"nerbench/internal/httpclient"
	"nerbench/internal/retry"
	"nerbench/ner"
	"nerbench/runners"
)

// refusedAs is the completion of a query that the server refused for its own sake; ok is
// false if err is another failure.
func refusedAs(err error) (c ner.Completion, ok bool) {
	status, ok := errors.AsType[*runners.StatusError](err)
	switch {
	case !ok || errors.Is(err, runners.ErrFatal) || errors.Is(err, runners.ErrTemporary):
		return c, false
	case status.TooLong():
		return ner.Completion{Finish: ner.FinishTooLong}, true
	}
	return ner.Completion{Finish: ner.FinishRefused, Text: status.Error()}, true
}

func tooLong(err error) bool {
	c, ok := refusedAs(err)
	return ok && c.Finish == ner.FinishTooLong
}

// refused converts a response other than 200 to an error: temporary if a retry may help,
// else one that ends the run.
func (r *Runner) refused(response *http.Response, body []byte) error {
	status := &runners.StatusError{Code: response.StatusCode, Message: message(body, r.secrets)}
	switch {
	case status.OfQuery() && !ofServer(status):
		return status
	case status.Code == http.StatusNotFound:
		return &fault.Hint{Err: fmt.Errorf("%w: %w", runners.ErrFatal, status), Advice: "ollama pull " + r.config.Model}
	case !status.Temporary() || ofServer(status):
		return fmt.Errorf("%w: %w", runners.ErrFatal, status)
	}
	err := fmt.Errorf("%w: %w", runners.ErrTemporary, status)
	if wait, ok := retry.After(response.Header.Get("Retry-After"), time.Now()); ok {
		return &runners.RetryAfter{Wait: wait, Err: err}
	}
	return err
}

// message is the error message in the body of a refusal: its member "error", or the
// first line of a body that is not JSON, as proxies send it. Secrets are replaced before
// it is cut.
func message(body []byte, secrets httpclient.Secrets) string {
	var refusal struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(body, &refusal); err == nil {
		return runners.ShortMessage(secrets.Redact(refusal.Error))
	}
	line, _, _ := strings.Cut(secrets.Redact(string(bytes.TrimSpace(body[:min(len(body), 1<<16)]))), "\n")
	return runners.ShortMessage(line)
}

// ofServer reports whether the server refuses something that all queries have: an
// option, a schema, thinking, or the model. Ollama returns 400 for some of them, and 500
// for others. (Otherwise 500 means that its runner crashed; it restarts the runner.)
func ofServer(e *runners.StatusError) bool {
	return slices.ContainsFunc([]string{
		"invalid JSON schema", "invalid format", "must be of type", "failed to parse grammar", "does not support", "invalid options",
	}, func(fault string) bool { return strings.Contains(e.Message, fault) })
}

// broken makes a temporary error of a failed or lost connection. A redirect to another
// server ends the run.
func broken(err error) error {
	if moved, ok := errors.AsType[*httpclient.RedirectError](err); ok {
		return redirected(moved)
	}
	return fmt.Errorf("%w: %w", runners.ErrTemporary, err)
}

// redirected is the error of a server that redirects to where nothing is sent.
func redirected(moved *httpclient.RedirectError) error {
	return &fault.Hint{
		Err:    fmt.Errorf("ollama: %w: %w", runners.ErrFatal, moved),
		Advice: "if you trust the target, name it in OLLAMA_HOST or with --base-url",
	}
}
