package vllm_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/vllm"
	"nerbench/runners/vllm/vllmtest"
)

// TestEndlessReply: a reply that does not end is an error, after as many bytes as
// max_tokens permits.
func TestEndlessReply(t *testing.T) {
	fake := vllmtest.New(t)
	for _, tc := range []struct {
		path  string
		query ner.Query
	}{{"/v1/completions", query("Text: x")}, {"/v1/chat/completions", chat("Text: x")}} {
		sent := make(chan int, 1)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != tc.path {
				fake.Config.Handler.ServeHTTP(w, r)
				return
			}
			part := []byte(strings.Repeat("endless ", 1<<12))
			n := 0
			defer func() { sent <- n }()
			for {
				written, err := w.Write(part)
				if n += written; err != nil {
					return
				}
			}
		}))
		defer server.Close()
		r, err := vllm.New(vllm.Config{Servers: []string{server.URL}, Model: "tiny", Decoding: runners.Decoding{Seed: 1}})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		_, err = r.Complete(t.Context(), []ner.Query{tc.query})
		if !errors.Is(err, runners.ErrFatal) || !strings.Contains(err.Error(), "exceeds 10") {
			t.Errorf("%s: error %v", tc.path, err)
		}
		if n := <-sent; n > 16<<20 { // the buffers of the connection are beyond the limit of 1 MiB
			t.Errorf("%s: %d bytes were read", tc.path, n)
		}
	}
}
