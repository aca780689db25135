package vllmtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Instant is a server with a model "tiny" for measurements: it does as little work as
// possible, and keeps nothing of what it was asked.
type Instant struct {
	*httptest.Server
	// Delay is the time of a request.
	Delay time.Duration

	asked atomic.Int64
}

// NewInstant starts a server that answers a list of prompts after a delay: one in three
// with the first word of the text, the others with no mention. It is closed when the test
// ends.
func NewInstant(t testing.TB, delay time.Duration) *Instant {
	s := &Instant{Delay: delay}
	fake := New(t, func(f *Fake) { f.Bare = true })
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var asked struct {
			Prompt []string `json:"prompt"`
		}
		if r.URL.Path != "/v1/completions" || err != nil || json.Unmarshal(body, &asked) != nil {
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			fake.Config.Handler.ServeHTTP(w, r)
			return
		}
		if !sleep(r, s.Delay) {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(s.reply(asked.Prompt)) // the client may have disconnected
	}))
	t.Cleanup(s.Close)
	return s
}

// Asked is the number of answered prompts.
func (s *Instant) Asked() int { return int(s.asked.Load()) }

func (s *Instant) reply(prompts []string) []byte {
	reply := []byte(`{"object":"text_completion","model":"tiny","choices":[`)
	for i, prompt := range prompts {
		if i > 0 {
			reply = append(reply, ',')
		}
		answer := "[]"
		if s.asked.Add(1)%3 == 0 {
			_, text, _ := strings.Cut(prompt, "Text: ")
			word, _, _ := strings.Cut(text, " ")
			answer = `[\"` + word + `\"]`
		}
		reply = fmt.Appendf(reply, `{"index":%d,"text":" %s","finish_reason":"stop"}`, i, answer)
	}
	return append(reply, `],"usage":{"prompt_tokens":200,"completion_tokens":8}}`...)
}
