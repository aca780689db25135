package vllm_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/internal/fault"
	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/vllm"
)

// exchange is a recorded exchange with a real server.
type exchange struct {
	Name    string
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
}

func recorded(t *testing.T) []exchange {
	t.Helper()
	text, err := os.ReadFile(reference.Path(t, "vllm", "contract.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Pairs []exchange }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Pairs) < 100 {
		t.Fatalf("%d exchanges", len(file.Pairs))
	}
	return file.Pairs
}

// replay is a server that sends recorded responses: those about the server itself, and
// one exchange for all other requests.
type replay struct {
	*httptest.Server
	now atomic.Pointer[exchange]
}

func newReplay(t *testing.T, all []exchange) *replay {
	r := &replay{}
	about := map[string]*exchange{}
	for i := range all {
		switch all[i].Name {
		case "02-version", "03-models", "04-tokenize-special":
			about[all[i].Request.Path] = &all[i]
		}
	}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body)
		e := about[q.URL.Path]
		if e == nil {
			e = r.now.Load()
		}
		for name, value := range e.Response.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(e.Response.Status)
		body := []byte(e.Response.Body)
		var text string
		if json.Unmarshal(body, &text) == nil {
			body = []byte(text) // it was not JSON
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(r.Close)
	return r
}

// asked returns the queries of a recorded request; nil if this runner does not send such
// requests.
func (e *exchange) asked() []ner.Query {
	var body struct {
		Prompt    json.RawMessage
		Messages  []ner.Message
		MaxTokens *int `json:"max_tokens"`
		Stop      []string
		N         int
	}
	if e.Request.Method != http.MethodPost || json.Unmarshal(e.Request.Body, &body) != nil || body.N > 1 {
		return nil
	}
	most := 16
	if body.MaxTokens != nil {
		most = *body.MaxTokens
	}
	query := func(text string) ner.Query {
		return ner.Query{Prompt: ner.Prompt{Text: text, MaxTokens: most, Stop: body.Stop}}
	}
	switch e.Request.Path {
	case "/v1/chat/completions":
		return []ner.Query{{Prompt: ner.Prompt{Messages: append([]ner.Message{}, body.Messages...), MaxTokens: most}}}
	case "/v1/completions":
		var list []string
		if json.Unmarshal(body.Prompt, &list) == nil && len(list) > 0 {
			var queries []ner.Query
			for _, p := range list {
				queries = append(queries, query(p))
			}
			return queries
		}
		var tokens [][]int
		if json.Unmarshal(body.Prompt, &tokens) == nil {
			if len(tokens) == 0 {
				return nil
			}
			queries := []ner.Query{}
			for range tokens {
				queries = append(queries, query("tokens"))
			}
			return queries
		}
		var text string
		_ = json.Unmarshal(body.Prompt, &text) // on failure, the prompt is tokens: any text will do
		return []ner.Query{query(text)}
	}
	return nil
}

// TestRecordedExchanges: the runner handles every recorded response correctly.
func TestRecordedExchanges(t *testing.T) {
	all := recorded(t)
	server := newReplay(t, all)
	seen := map[string]int{}
	for i := range all {
		e := &all[i]
		queries := e.asked()
		if queries == nil {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			first := slices.IndexFunc(all, func(e exchange) bool { return e.Name == "13-compl-list" })
			server.now.Store(&all[first])
			r, err := vllm.New(vllm.Config{Servers: []string{server.URL}, Model: "tiny"})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			r.SetAbilities(vllm.Abilities{Lists: true})
			server.now.Store(e)
			got, err := r.Complete(t.Context(), queries)
			kind := e.judge(t, got, err)
			seen[kind]++
		})
	}
	for _, kind := range []string{"answered", "clamped", "too long", "unknown model", "no key", "refused", "server fault", "stream", "cut"} {
		if seen[kind] == 0 {
			t.Errorf("no exchange of the kind %q", kind)
		}
	}
	t.Logf("%v", seen)
}

// judge compares the result of the runner with the recorded response, and returns the
// kind of the exchange.
func (e *exchange) judge(t *testing.T, got []ner.Completion, err error) string {
	t.Helper()
	body := string(e.Response.Body)
	var hint *fault.Hint
	switch {
	case strings.Contains(string(e.Request.Body), "truncate_prompt_tokens") && e.Response.Status == http.StatusOK:
		if _, cut := errors.AsType[*runners.ShortenedError](err); !cut && (len(got) == 0 || got[0].Finish != ner.FinishTooLong) {
			t.Errorf("got %+v, %v", got, err)
		}
		return "cut"
	case e.Response.Status == http.StatusOK && strings.HasPrefix(e.Response.Headers["content-type"], "text/event-stream"):
		if !errors.Is(err, runners.ErrTemporary) {
			t.Errorf("error is %v", err)
		}
		return "stream"
	case e.Response.Status == http.StatusOK:
		return e.judgeAnswer(t, got, err)
	case strings.Contains(body, "maximum context length") || strings.Contains(body, "max_tokens must be at least 1"):
		if err != nil || len(got) == 0 || got[0].Finish != ner.FinishTooLong || got[0].Text != "" {
			t.Errorf("got %+v, %v", got, err)
		}
		return "too long"
	case e.Response.Status == http.StatusNotFound:
		if !errors.Is(err, runners.ErrFatal) || !errors.As(err, &hint) || !strings.Contains(hint.Advice, `"tiny"`) {
			t.Errorf("error is %v", err)
		}
		return "unknown model"
	case e.Response.Status == http.StatusUnauthorized:
		if !errors.Is(err, runners.ErrFatal) || !errors.As(err, &hint) || !strings.Contains(hint.Advice, "OPENAI_API_KEY") {
			t.Errorf("error is %v", err)
		}
		return "no key"
	case e.Response.Status >= 500:
		if !errors.Is(err, runners.ErrTemporary) || errors.Is(err, runners.ErrFatal) {
			t.Errorf("error is %v", err)
		}
		return "server fault"
	}
	if err != nil || len(got) != len(e.asked()) || len(got) > 0 && (got[0].Finish != ner.FinishRefused || !strings.HasPrefix(got[0].Text, "4")) {
		t.Errorf("got %+v, error is %v", got, err)
	}
	return "refused"
}

func (e *exchange) judgeAnswer(t *testing.T, got []ner.Completion, err error) string {
	t.Helper()
	var answer struct {
		Choices []struct {
			Text         string
			Message      struct{ Content string }
			FinishReason string `json:"finish_reason"`
		}
		Usage struct {
			PromptTokens int `json:"prompt_tokens"`
		}
	}
	if fault := json.Unmarshal(e.Response.Body, &answer); fault != nil {
		t.Fatal(fault)
	}
	if err != nil || len(got) != len(answer.Choices) {
		t.Fatalf("got %d completions for %d choices, %v", len(got), len(answer.Choices), err)
	}
	if most := e.asked()[0].Prompt.MaxTokens; len(got) == 1 && answer.Usage.PromptTokens+most > 1024 {
		if got[0].Finish != ner.FinishTooLong || got[0].Text != "" {
			t.Errorf("%d tokens and %d more: got %+v", answer.Usage.PromptTokens, most, got[0])
		}
		return "clamped"
	}
	for i, c := range answer.Choices {
		if got[i].Text != c.Text+c.Message.Content || string(got[i].Finish) != c.FinishReason {
			t.Errorf("choice %d: got %+v, want %+v", i, got[i], c)
		}
	}
	return "answered"
}

// TestRecordedMetrics: the runner reads the recorded counters.
func TestRecordedMetrics(t *testing.T) {
	text, err := os.ReadFile(reference.Path(t, "vllm", "metrics.txt"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }))
	defer server.Close()
	r, err := vllm.New(vllm.Config{Servers: []string{server.URL}, Model: "tiny"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, ok := r.Cache(t.Context()); !ok || got != (vllm.CacheCounters{Tokens: 9, Cached: 0}) {
		t.Errorf("got %+v, %v", got, ok)
	}
}
