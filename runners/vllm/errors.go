package vllm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nerbench/internal/fault"
	"nerbench/internal/retry"
	"nerbench/runners"
)

// errServer marks a permanent fault of one server. Another server may not have it. It
// comes with [runners.ErrFatal].
var errServer = errors.New("the server cannot be used")

// errTooLong marks the refusal of a prompt that exceeds the context, or of a list with
// such a prompt.
var errTooLong = errors.New("prompt exceeds the context")

// refusal is the body of a refusal, in its various forms.
type refusal struct {
	Error   json.RawMessage `json:"error"`  // {"message": …}, or a string
	Detail  json.RawMessage `json:"detail"` // from the web framework, for paths and methods
	Message string          `json:"message"`
}

// message is the error message in the body of a refusal. framework is set if the web
// framework refused the request, not the server itself. If the body is not JSON, as from
// proxies, the message is its first line.
func message(body []byte) (text string, framework bool) {
	var r refusal
	if json.Unmarshal(body, &r) != nil {
		line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
		return strings.ToValidUTF8(string(line[:min(len(line), 200)]), ""), true
	}
	var object struct {
		Message string `json:"message"`
	}
	switch {
	case json.Unmarshal(r.Error, &object) == nil && object.Message != "":
		text = object.Message
	case json.Unmarshal(r.Error, &text) == nil && text != "":
	case r.Message != "":
		text = r.Message
	case len(r.Detail) > 0:
		if json.Unmarshal(r.Detail, &text) != nil {
			text = string(r.Detail)
		}
		framework = true
	}
	return oneLine(text), framework
}

// oneLine makes a message one line, and cuts long ones.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + " …"
	}
	return text
}

// tooLong reports whether the server refused a prompt because it exceeds the context.
// The last form is that of a prompt without room for one token.
func tooLong(code int, text string) bool {
	return code == http.StatusBadRequest && (strings.Contains(text, "maximum context length") ||
		strings.Contains(text, "context_length_exceeded") ||
		strings.Contains(text, "exceeds the available context size") ||
		strings.Contains(text, "max_tokens must be at least 1, got"))
}

// refused converts a response other than 200 to an error: temporary if a retry may help,
// else one that ends the run.
func (r *Runner) refused(ctx context.Context, s *server, response *http.Response, body []byte) error {
	text, framework := message(body)
	status := &runners.StatusError{Code: response.StatusCode, Message: text}
	switch {
	case tooLong(status.Code, text):
		return fmt.Errorf("%w: %w", errTooLong, status)
	case status.Code == http.StatusUnauthorized || status.Code == http.StatusForbidden:
		advice := "the server requires another key than that in OPENAI_API_KEY"
		if r.config.Key == "" {
			advice = "the server requires a key: set OPENAI_API_KEY, or name a file with --api-key-file"
		}
		return &fault.Hint{Err: fmt.Errorf("%w: %w: %s: %w", runners.ErrFatal, errServer, s.name, status), Advice: advice}
	case status.Code == http.StatusNotFound && framework:
		return &fault.Hint{
			Err:    fmt.Errorf("%w: %w: %s has no %s: %w", runners.ErrFatal, errServer, s.name, response.Request.URL.Path, status),
			Advice: "the model may be an embedding model, or the server may not be OpenAI-compatible",
		}
	case status.Code == http.StatusNotFound:
		return r.unknownModel(ctx, s, status)
	case temporary(status.Code):
		err := fmt.Errorf("%w: %w", runners.ErrTemporary, status)
		if wait, ok := retry.After(response.Header.Get("Retry-After"), time.Now()); ok {
			return &runners.RetryAfter{Wait: wait, Err: err}
		}
		return err
	}
	return fmt.Errorf("%w: %w", runners.ErrFatal, status)
}

// temporary reports whether a retry may help.
func temporary(code int) bool {
	switch code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, 499:
		return true
	}
	return code >= 500 && code != http.StatusNotImplemented
}

// unknownModel is the error of a missing model, with a hint that lists the models of the
// server.
func (r *Runner) unknownModel(ctx context.Context, s *server, err error) error {
	advice := "name a model that the server has"
	if list, fault := r.models(ctx, s); fault == nil {
		advice = "the server has: " + strings.Join(names(list), ", ")
	}
	return &fault.Hint{Err: fmt.Errorf("%w: %w: %s: %w", runners.ErrFatal, errServer, s.name, err), Advice: advice}
}

// broken makes a one-line temporary error of a failed or lost connection.
func broken(s *server, err error) error {
	why := err
	if of, ok := errors.AsType[*url.Error](err); ok {
		why = of.Err // without the method and the address
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		why = op.Err // without the network and a second copy of the address
	}
	return fmt.Errorf("%w: %s: %w", runners.ErrTemporary, s.name, why)
}

// absent is the error of a server that cannot be reached.
func absent(s *server, err error) error {
	return &fault.Hint{
		Err:    fmt.Errorf("vllm: no server: %w", err),
		Advice: "start one with \"vllm serve MODEL\", or name another with --base-url",
	}
}

func asRetryAfter(err error) (time.Duration, bool) {
	after, ok := errors.AsType[*runners.RetryAfter](err)
	if !ok {
		return 0, false
	}
	return after.Wait, true
}
