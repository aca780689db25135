package vllm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"nerbench/internal/httpclient"
	"nerbench/ner"
	"nerbench/runners"
)

// reply is the response of a server in either shape.
type reply struct {
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	Usage   struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
	} `json:"usage"`
	Error json.RawMessage `json:"error"`
}

// choice is the answer to one prompt.
type choice struct {
	Index        int    `json:"index"`
	Text         string `json:"text"`
	FinishReason string `json:"finish_reason"`
	// Error is set by routers, if the server behind them failed.
	Error   json.RawMessage `json:"error"`
	Message struct {
		Content          content           `json:"content"`
		Reasoning        content           `json:"reasoning"`
		ReasoningContent content           `json:"reasoning_content"` // another name of the member; some servers send both
		Refusal          string            `json:"refusal"`
		ToolCalls        []json.RawMessage `json:"tool_calls"`
	} `json:"message"`
	PromptTokenIDs length `json:"prompt_token_ids"`
	TokenIDs       length `json:"token_ids"`
}

// length is the number of elements of an array of numbers. The numbers are not parsed.
type length int

// UnmarshalJSON counts commas.
func (n *length) UnmarshalJSON(b []byte) error {
	switch {
	case bytes.Equal(b, []byte("null")), len(bytes.TrimSpace(bytes.Trim(b, "[]"))) == 0:
		*n = 0
	default:
		*n = length(bytes.Count(b, []byte{','}) + 1)
	}
	return nil
}

// misread is the error of a malformed response.
func misread(format string, args ...any) error {
	return fmt.Errorf("%w: %w: "+format, append([]any{runners.ErrTemporary, runners.ErrMisread}, args...)...)
}

// understand parses the response to n prompts and sorts its choices. Overloaded servers
// return an error with status 200, duplicate choices, or too few choices.
func understand(body []byte, n int, secrets httpclient.Secrets) (*reply, error) {
	var answer reply
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, misread("unexpected JSON: %w", err)
	}
	if len(answer.Error) > 0 && !bytes.Equal(answer.Error, []byte("null")) {
		return nil, errorInside(answer.Error, body, secrets)
	}
	if len(answer.Choices) != n {
		return nil, misread("%d choices for %d prompts", len(answer.Choices), n)
	}
	ordered := true
	for i := range answer.Choices {
		c := &answer.Choices[i]
		if c.Index < 0 || c.Index >= n {
			return nil, misread("choice %d for %d prompts", c.Index, n)
		}
		if len(c.Error) > 0 && !bytes.Equal(c.Error, []byte("null")) {
			return nil, errorInside(c.Error, []byte(fmt.Sprintf(`{"error":%s}`, c.Error)), secrets)
		}
		if c.FinishReason == "abort" || c.FinishReason == "error" {
			return nil, misread("the server aborted: finish_reason %s", c.FinishReason)
		}
		if c.FinishReason == "" && c.nothing() {
			return nil, misread("no answer and no finish_reason")
		}
		ordered = ordered && c.Index == i
	}
	if ordered {
		return &answer, nil
	}
	sorted := make([]choice, n)
	seen := make([]bool, n)
	for _, c := range answer.Choices {
		if seen[c.Index] {
			return nil, misread("duplicate choice %d", c.Index)
		}
		sorted[c.Index], seen[c.Index] = c, true
	}
	answer.Choices = sorted
	return &answer, nil
}

// errorInside is the error of a response with status 200 that holds an error: the refusal
// of a query if the error names the status of one, else a temporary one.
func errorInside(e json.RawMessage, body []byte, secrets httpclient.Secrets) error {
	if status, _ := readRefusal(errorCode(e), body, secrets); status.OfQuery() {
		return fmt.Errorf("%w: %w", errQuery, status)
	}
	status, _ := readRefusal(http.StatusOK, body, secrets)
	return misread("an error with status 200: %s", status.Message)
}

// nothing reports whether a choice has no text of any kind.
func (c *choice) nothing() bool {
	m := &c.Message
	return c.Text == "" && m.Content == content{} && m.Reasoning == content{} && m.ReasoningContent == content{} && m.Refusal == "" && len(m.ToolCalls) == 0
}

// errorCode is the status that an error inside a response names; 0: none.
func errorCode(e json.RawMessage) int {
	var object struct {
		Code int `json:"code"`
	}
	_ = json.Unmarshal(e, &object) // a code that is no number is no status
	return object.Code
}

// completion makes a completion of choice i. The token counts of a list are known only if
// the server returns the tokens, because its usage is a sum.
func (a *reply) completion(i int, chat bool, took time.Duration) ner.Completion {
	c := &a.Choices[i]
	out := ner.Completion{
		Text: c.Text, Finish: runners.ReadFinish(c.FinishReason), Duration: took,
		PromptTokens: int(c.PromptTokenIDs), AnswerTokens: int(c.TokenIDs),
	}
	if chat {
		m := &c.Message
		out.Text, out.Thinking = m.Content.text, cmp.Or(m.Content.thinking, m.Reasoning.text, m.ReasoningContent.text)
		refusal := cmp.Or(m.Refusal, m.Content.refusal)
		switch {
		case out.Text != "": // whatever is beside it
		case refusal != "":
			out.Text, out.Finish = refusal, ner.FinishRefused
		case len(m.ToolCalls) > 0:
			calls, _ := json.Marshal(m.ToolCalls) // it was decoded from JSON
			out.Text, out.Finish = string(calls), ner.FinishToolCall
		}
	}
	if len(a.Choices) == 1 {
		out.PromptTokens, out.AnswerTokens = a.Usage.PromptTokens, a.Usage.CompletionTokens
	}
	return out
}
