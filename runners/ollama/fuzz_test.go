package ollama_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/ollama/ollamatest"
)

// replies is a connection to a server that sends one reply to each query.
type replies struct {
	*http.Transport
	code int
	body string
}

func (r *replies) RoundTrip(q *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(q.URL.Path, "/api/generate") && !strings.HasPrefix(q.URL.Path, "/api/chat") {
		return r.Transport.RoundTrip(q)
	}
	return &http.Response{StatusCode: r.code, Body: io.NopCloser(strings.NewReader(r.body)), Header: http.Header{}, Request: q}, nil
}

// FuzzReply: each reply of a server ends in an answer, or in an error of one line.
func FuzzReply(f *testing.F) {
	f.Add(`{"response": "a", "done_reason": "stop", "prompt_eval_count": 5, "eval_count": 1}`, 200)
	f.Add(`{"message": {"content": "", "thinking": "b", "tool_calls": [{"function": {"name": "f"}}]}, "done_reason": "length"}`, 200)
	f.Add(`{"error": "the input length exceeds the context length"}`, 400)
	f.Add("<html>\nno</html>", 502)
	fake := ollamatest.New(f)
	f.Fuzz(func(t *testing.T, body string, code int) {
		code = 200 + (code&0x7fffffff)%400
		client := &http.Client{Transport: &replies{http.DefaultTransport.(*http.Transport), code, body}}
		r, err := ollama.New(ollama.Config{Host: fake.URL, Model: fake.Model, Client: client, Decoding: runners.Decoding{Seed: 1, Context: 1024}})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		chat := query("")
		chat.Prompt = ner.Prompt{Messages: []ner.Message{{Role: "user", Content: "x"}}, MaxTokens: 16}
		for _, q := range []ner.Query{query("x"), chat} {
			got, err := r.Complete(t.Context(), []ner.Query{q})
			if err == nil && len(got) != 1 {
				t.Errorf("%d answers", len(got))
			}
			if err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) > 2000) {
				t.Errorf("error of %d bytes: %.200q", len(err.Error()), err)
			}
		}
	})
}
