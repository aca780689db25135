package runners

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// StatusError is a refusal of a server.
type StatusError struct {
	Code    int    // HTTP status
	Message string // message of the server
	// Reason is the server's name of the cause, such as "context_length_exceeded", and
	// Member the member of the request that it refuses; empty if it names none.
	Reason, Member string
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

// tooLong are the refusals of prompts that exceed the context, as servers send them
// (docs/spec/prompts.md §2.6). reason is the whole name of the cause, message a part of
// the message in lower case.
var tooLong = []struct{ server, reason, message string }{
	{server: "OpenAI, llama-cpp-python", reason: "context_length_exceeded"},
	{server: "llama.cpp", reason: "exceed_context_size_error"},
	{server: "llama.cpp", message: "exceeds the available context size"},
	{server: "Ollama", message: "the input length exceeds the context length"},
	{server: "Ollama with MLX, SGLang", message: "exceeds the model's maximum context length"},
	{server: "OpenAI, vLLM, OpenRouter", message: "maximum context length is"},
	{server: "vLLM", message: "longer than the maximum model length"},
	{server: "vLLM before 0.11", message: "max_tokens must be at least 1, got"},
	{server: "SGLang", message: "is longer than the model's context length"},
	{server: "SGLang", message: "exceeds the maximum allowed length"},
	{server: "TGI", message: "`inputs` must have less than"},
	{server: "TGI", message: "`inputs` tokens + `max_new_tokens` must be <="},
	{server: "Gemini", message: "exceeds the maximum number of tokens allowed"},
	{server: "LM Studio", message: "when context the overflows"},
	{server: "LM Studio", message: "is greater than the context length"},
	{server: "LM Studio", message: "does not currently support mid-generation context overflow"},
}

// TooLong reports whether the server refused a prompt because it exceeds the context,
// with or without its answer. Only the status of a bad request is trusted: a timeout, a
// rate limit or a crash may mention the context, too.
func (e *StatusError) TooLong() bool {
	switch e.Code {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
	default:
		return false
	}
	message := strings.ToLower(e.Message)
	return slices.ContainsFunc(tooLong, func(k struct{ server, reason, message string }) bool {
		return k.reason != "" && k.reason == e.Reason || k.message != "" && strings.Contains(message, k.message)
	})
}

// notReady are the words of servers that cannot answer any query at the moment, in lower
// case. Some send them with the status of a bad request, as if the query were the cause.
var notReady = []struct{ server, message string }{
	{"LM Studio", "model was unloaded"},
	{"LM Studio", "model unloaded"},
	{"LM Studio", "no models loaded"},
	{"LM Studio", "failed to load model"},
	{"LM Studio", "the model has crashed"},
	{"llama.cpp, LM Studio", "model is loading"},
	{"llama.cpp", "loading model"},
	{"a client between", "context deadline exceeded"},
	{"a client between", "context canceled"},
	{"Anthropic", "credit balance is too low"},
	{"Gemini", "api key expired"},
}

// NotReady reports whether a refusal with the status of a bad request is about the state
// of the server, and not about the query.
func (e *StatusError) NotReady() bool {
	if e.Code != http.StatusBadRequest || e.TooLong() {
		return false
	}
	message := strings.ToLower(e.Message)
	return slices.ContainsFunc(notReady, func(k struct{ server, message string }) bool { return strings.Contains(message, k.message) })
}

// OfQuery reports whether the server may refuse only this query, and answer others: a
// content filter, a prompt that it cannot read. Permanent faults of the server or of the
// model have other statuses.
func (e *StatusError) OfQuery() bool {
	if e.NotReady() {
		return false
	}
	switch e.Code {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity, http.StatusUnavailableForLegalReasons:
		return true
	case http.StatusForbidden: // OpenRouter's moderation; all others mean the key
		return strings.Contains(strings.ToLower(e.Message), "flagged")
	}
	return false
}

// Temporary reports whether a retry may help.
func (e *StatusError) Temporary() bool {
	switch e.Code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, 499: // 499: the server cancelled the request itself
		return true
	}
	return e.NotReady() || e.Code >= 500 && e.Code != http.StatusNotImplemented
}
