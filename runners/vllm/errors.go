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
	"nerbench/internal/httpclient"
	"nerbench/internal/retry"
	"nerbench/ner"
	"nerbench/runners"
)

// errServer marks a permanent fault of one server. Another server may not have it. It
// comes with [runners.ErrFatal].
var errServer = errors.New("the server cannot be used")

// errQuery marks the refusal of one query, or of a list with such a query. It wraps a
// [runners.StatusError].
var errQuery = errors.New("the query was refused")

// refusedAs is the completion of a query that a server refused for its own sake.
func refusedAs(err error, took time.Duration) ner.Completion {
	status, _ := errors.AsType[*runners.StatusError](err) // an errQuery has one
	if status.TooLong() {
		return ner.Completion{Finish: ner.FinishTooLong, Duration: took}
	}
	return ner.Completion{Finish: ner.FinishRefused, Text: status.Error(), Duration: took}
}

// refusal is the body of a refusal, in its various forms.
type refusal struct {
	Error   json.RawMessage `json:"error"`   // {"message": …}, or a string
	Detail  json.RawMessage `json:"detail"`  // from the web framework, for paths and methods
	Message json.RawMessage `json:"message"` // mostly a string; of Mistral, an object
}

// named is the part of a refusal with its cause. The code of the cause is a name or a
// number.
type named struct {
	Message string `json:"message"`
	Type    string `json:"type"`
	Code    any    `json:"code"`
	Param   string `json:"param"`
}

// readRefusal reads the body of a refusal. framework is set if the web framework refused
// the request, not the server itself. If the body is not JSON, as from proxies, the
// message is its first line.
func readRefusal(code int, body []byte, secrets httpclient.Secrets) (e *runners.StatusError, framework bool) {
	e = &runners.StatusError{Code: code}
	var r refusal
	if json.Unmarshal(body, &r) != nil {
		line, _, _ := strings.Cut(secrets.Redact(string(bytes.TrimSpace(body[:min(len(body), 1<<16)]))), "\n")
		e.Message = runners.ShortMessage(line)
		return e, true
	}
	var object named
	if json.Unmarshal(r.Error, &object) != nil {
		_ = json.Unmarshal(body, &object) // SGLang, and vLLM before 0.10: the members are not inside "error"
	}
	e.Member, e.Reason = secrets.Redact(object.Param), object.Type
	if name, ok := object.Code.(string); ok {
		e.Reason = name
	}
	e.Reason = secrets.Redact(e.Reason)
	text := ""
	switch {
	case object.Message != "":
		text = object.Message
	case json.Unmarshal(r.Error, &text) == nil && text != "":
	case len(r.Message) > 0:
		if json.Unmarshal(r.Message, &text) != nil {
			text = string(r.Message)
		}
	case len(r.Detail) > 0:
		if json.Unmarshal(r.Detail, &text) != nil {
			text = string(r.Detail)
		}
		framework = true
	}
	e.Message = runners.ShortMessage(secrets.Redact(text))
	return e, framework
}

// refused converts a response other than 200 to an error: temporary if a retry may help,
// else one that ends the run.
func (r *Runner) refused(ctx context.Context, s *server, response *http.Response, body []byte) error {
	status, framework := readRefusal(response.StatusCode, body, r.secrets)
	switch {
	case noTemplate(status):
		return &fault.Hint{
			Err:    fmt.Errorf("%w: %w: %s: %w", runners.ErrFatal, errServer, s.name, status),
			Advice: "--set as=completion sends the messages as one text; a base model needs demonstrations too: --set shots=3",
		}
	case status.OfQuery():
		return fmt.Errorf("%w: %w", errQuery, status)
	case status.Code == http.StatusForbidden && framework && s.hasAnswered():
		return fmt.Errorf("%w: %w", runners.ErrTemporary, status) // a firewall that dislikes a passage, or a check for robots
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
	case status.Code == http.StatusNotFound && strings.Contains(status.Message, "chat"):
		return &fault.Hint{
			Err:    fmt.Errorf("%w: %w: %s: %w", runners.ErrFatal, errServer, s.name, status),
			Advice: "--set as=chat sends completion prompts as a chat",
		}
	case status.Code == http.StatusNotFound:
		return r.unknownModel(ctx, s, status)
	case status.Temporary():
		err := fmt.Errorf("%w: %w", runners.ErrTemporary, status)
		if wait, ok := retry.After(response.Header.Get("Retry-After"), time.Now()); ok {
			return &runners.RetryAfter{Wait: wait, Err: err}
		}
		return err
	}
	return fmt.Errorf("%w: %w", runners.ErrFatal, status)
}

// noTemplate reports whether the server refuses messages because the model has no chat
// template, in the words of transformers, which servers pass on.
func noTemplate(status *runners.StatusError) bool {
	return status.Code == http.StatusBadRequest && (strings.Contains(status.Message, "must provide a chat template") ||
		strings.Contains(status.Message, "tokenizer.chat_template is not set"))
}

// unknownModel is the error of a missing model, with a hint that lists the models of the
// server.
func (r *Runner) unknownModel(ctx context.Context, s *server, err error) error {
	advice := "name a model that the server has"
	if list, fault := r.models(ctx, s); fault == nil {
		advice = r.secrets.Redact("the server has: " + strings.Join(names(list), ", "))
	}
	return &fault.Hint{Err: fmt.Errorf("%w: %w: %s: %w", runners.ErrFatal, errServer, s.name, err), Advice: advice}
}

// broken makes a one-line temporary error of a failed or lost connection. A redirect to
// another server is a permanent fault of this one.
func broken(s *server, err error) error {
	if moved, ok := errors.AsType[*httpclient.RedirectError](err); ok {
		return &fault.Hint{
			Err:    fmt.Errorf("%w: %w: %w", runners.ErrFatal, errServer, moved),
			Advice: "if you trust the target, name it with --base-url",
		}
	}
	why := err
	if of, ok := errors.AsType[*url.Error](err); ok {
		why = of.Err // without the method and the address
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		why = op.Err // without the network and a second copy of the address
	}
	return runners.Mark(fmt.Errorf("%s: %w", s.name, why), runners.ErrTemporary)
}

// absent is the error of a server that cannot be reached.
func (r *Runner) absent(err error) error {
	advice := "start one with \"vllm serve MODEL\", or name another with --base-url"
	if r.config.Prefix != Kind {
		advice = "name another server with --base-url"
	}
	return &fault.Hint{Err: fmt.Errorf("%s: no server: %w", r.config.Prefix, err), Advice: advice}
}

func asRetryAfter(err error) (time.Duration, bool) {
	after, ok := errors.AsType[*runners.RetryAfter](err)
	if !ok {
		return 0, false
	}
	return after.Wait, true
}
