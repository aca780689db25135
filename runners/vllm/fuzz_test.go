package vllm

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzReply: each reply of a server ends in as many answers as there were prompts, or in
// an error of one line.
func FuzzReply(f *testing.F) {
	f.Add(`{"model": "m", "choices": [{"index": 1, "text": "b"}, {"index": 0, "text": "a", "finish_reason": "stop", "token_ids": [1, 2]}], "usage": {"prompt_tokens": 3}}`, 2, 200)
	f.Add(`{"choices": [{"message": {"content": [{"type": "text", "text": "a"}], "reasoning": "b", "tool_calls": [{}]}}]}`, 1, 200)
	f.Add(`{"error": {"message": "maximum context length is 5", "code": 400, "param": "x"}}`, 1, 400)
	f.Add(`{"detail": [{"loc": ["body"], "msg": "missing"}]}`, 1, 422)
	f.Add("<html>\nno</html>", 1, 502)
	f.Fuzz(func(t *testing.T, body string, n, code int) {
		n = 1 + (n&0x7fffffff)%4
		answer, err := understand([]byte(body), n, nil)
		if err == nil {
			if len(answer.Choices) != n {
				t.Fatalf("%d choices of %d", len(answer.Choices), n)
			}
			for i := range n {
				answer.completion(i, false, 0)
				answer.completion(i, true, 0)
			}
		} else if len(err.Error()) > 2000 {
			t.Errorf("an error of %d bytes: %.100v", len(err.Error()), err)
		}
		status, _ := readRefusal(code, []byte(body), nil)
		status.TooLong()
		if text := status.Error(); strings.Contains(text, "\n") || len(text) > 1000 {
			t.Errorf("refusal %q", text)
		}
		if status, _ := readRefusal(http.StatusOK, []byte(body), nil); status == nil {
			t.Error("no refusal")
		}
	})
}
