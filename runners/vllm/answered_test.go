package vllm_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/vllm/vllmtest"
)

// TestAnswersAreHandedOverByRequest checks that, when the next request of a passage is
// sent, all answers of those before it were handed over.
func TestAnswersAreHandedOverByRequest(t *testing.T) {
	long := func(text string) ner.Query {
		q := query(text)
		q.Prompt.MaxTokens = 32 // lists have one limit
		return q
	}
	for name, tc := range map[string]struct {
		set      func(*vllmtest.Fake)
		queries  []ner.Query
		requests int // answered ones
	}{
		"two lists":    {func(*vllmtest.Fake) {}, []ner.Query{query("a"), query("b"), query("c"), long("d"), long("e")}, 2},
		"no lists":     {func(f *vllmtest.Fake) { f.Single = true }, []ner.Query{query("a"), query("b"), query("c")}, 3},
		"chat":         {func(*vllmtest.Fake) {}, []ner.Query{chat("a"), chat("b"), chat("c")}, 3},
		"refused list": {func(*vllmtest.Fake) {}, []ner.Query{query("a"), query("b"), query("forbidden")}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := vllmtest.New(t, tc.set)
			r := newRunner(t, f, nil)
			var handed atomic.Int64
			answered, requests := 0, 0
			f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
				if !strings.HasSuffix(path, "completions") {
					return false
				}
				if n := int(handed.Load()); n < answered {
					t.Errorf("request %d: %d of %d answers were handed over", requests, n, answered)
				}
				for _, p := range q.Prompts() {
					if p == "forbidden" {
						w.WriteHeader(http.StatusBadRequest)
						_, _ = w.Write([]byte(`{"error":{"message":"The prompt triggered the content filter.","code":"content_filter","type":"invalid_request_error"}}`))
						return true
					}
				}
				requests, answered = requests+1, answered+len(q.Prompts())
				return false
			}
			ctx := runners.WithAnswered(t.Context(), func(some []ner.Query, _ []ner.Completion) { handed.Add(int64(len(some))) })
			got, err := r.Complete(ctx, tc.queries)
			if err != nil || len(got) != len(tc.queries) || int(handed.Load()) != len(got) || requests != tc.requests {
				t.Errorf("%d completions, %d handed over, %d requests, %v; want %d and %d requests", len(got), handed.Load(), requests, err, len(tc.queries), tc.requests)
			}
		})
	}
}
