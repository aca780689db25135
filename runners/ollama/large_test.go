package ollama_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/ollama/ollamatest"
)

// TestEndlessReply: a reply that does not end is an error, after as many bytes as
// max_tokens permits.
func TestEndlessReply(t *testing.T) {
	f := ollamatest.New(t)
	sent := make(chan int, 1)
	f.Intercept = func(w http.ResponseWriter, _ *ollamatest.Request) bool {
		part := []byte(strings.Repeat("endless ", 1<<12))
		n := 0
		defer func() { sent <- n }()
		for {
			written, err := w.Write(part)
			if n += written; err != nil {
				return true
			}
		}
	}
	_, err := newRunner(t, f, nil).Complete(t.Context(), []ner.Query{query("Text: x")})
	if !errors.Is(err, runners.ErrFatal) || !strings.Contains(err.Error(), "exceeds 10") {
		t.Errorf("error %v", err)
	}
	if n := <-sent; n > 16<<20 { // the buffers of the connection are beyond the limit of 1 MiB
		t.Errorf("%d bytes were read", n)
	}
}
