// Package vllmtest provides vLLM servers for tests: [Fake] imitates version 0.32.0 and
// answers at once; [Start] runs a real server.
package vllmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Fake is an imitation of a server. Set its fields before the first request. If another
// process sends the requests, set them in New.
type Fake struct {
	*httptest.Server
	// Model is the only model of the server; Root is the name of its weights.
	Model, Root string
	// Owner is "vllm", or another kind of server.
	Owner string
	// ContextLength is the context of the model, in tokens.
	ContextLength int
	// Key is required for /v1; empty: no key is required.
	Key string
	// Single: lists of prompts are refused.
	Single bool
	// Bare: no tokenizer, no version, no metrics, no token ids.
	Bare bool
	// Schema is the member that constrains answers; the others are ignored without an
	// error.
	Schema string
	// Answer returns the answer to a prompt (of the chat shape: the last message);
	// nil: the empty list.
	Answer func(prompt string) string
	// Intercept may answer a request itself; then it returns true. May be nil.
	Intercept func(w http.ResponseWriter, path string, q *Request) bool
	// Delay is the time of a request. Slots, unless 0, is the number of requests at
	// once; the others wait.
	Delay time.Duration
	Slots int

	slots    chan struct{}
	asked    atomic.Int64
	requests atomic.Int64
	counted  atomic.Int64
	tokens   atomic.Int64

	mu   sync.Mutex
	seen map[string]bool // prefixes in the cache
	hits int64
}

// Request is a request, with the parts that tests check.
type Request struct {
	Model       string          `json:"model"`
	Prompt      json.RawMessage `json:"prompt"`
	MaxTokens   int             `json:"max_tokens"`
	Stop        []string        `json:"stop"`
	WantsTokens bool            `json:"return_token_ids"`
	AddSpecial  *bool           `json:"add_special_tokens"`
	Messages    []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	// Members are the names of all members of the request.
	Members map[string]json.RawMessage `json:"-"`
}

// Prompts are the prompts of a request, or its last message.
func (q *Request) Prompts() []string {
	if n := len(q.Messages); n > 0 {
		return []string{q.Messages[n-1].Content}
	}
	var list []string
	if json.Unmarshal(q.Prompt, &list) == nil {
		return list
	}
	var one string
	if json.Unmarshal(q.Prompt, &one) != nil {
		return nil
	}
	return []string{one}
}

// New starts a fake server with a model "tiny". set may change its fields first. The
// server is closed when the test ends.
func New(t testing.TB, set ...func(*Fake)) *Fake {
	f := &Fake{Model: "tiny", Root: "/models/tiny", Owner: "vllm", ContextLength: 2048, Schema: "structured_outputs", seen: map[string]bool{}}
	for _, change := range set {
		change(f)
	}
	if f.Slots > 0 {
		f.slots = make(chan struct{}, f.Slots)
	}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

// Asked is the number of answered prompts.
func (f *Fake) Asked() int { return int(f.asked.Load()) }

// Requests is the number of requests for completions.
func (f *Fake) Requests() int { return int(f.requests.Load()) }

// Counted is the number of texts whose tokens were counted.
func (f *Fake) Counted() int { return int(f.counted.Load()) }

func (f *Fake) serve(w http.ResponseWriter, r *http.Request) {
	var q Request
	if r.Method == http.MethodPost {
		var members map[string]json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&members); err != nil {
			refuse(w, http.StatusBadRequest, "Bad Request", err.Error())
			return
		}
		whole, _ := json.Marshal(members)
		if err := json.Unmarshal(whole, &q); err != nil {
			refuse(w, http.StatusBadRequest, "Bad Request", err.Error())
			return
		}
		q.Members = members
	}
	if f.Intercept != nil && f.Intercept(w, r.URL.Path, &q) {
		return
	}
	if f.Key != "" && strings.HasPrefix(r.URL.Path, "/v1/") && r.Header.Get("Authorization") != "Bearer "+f.Key {
		w.WriteHeader(http.StatusUnauthorized)
		write(w, map[string]any{"error": "Unauthorized"})
		return
	}
	if f.Bare && !strings.HasPrefix(r.URL.Path, "/v1/") {
		nothing(w)
		return
	}
	switch r.URL.Path {
	case "/v1/models":
		m := map[string]any{"id": f.Model, "owned_by": f.Owner, "root": f.Root}
		if f.ContextLength > 0 {
			m["max_model_len"] = f.ContextLength
		}
		write(w, map[string]any{"object": "list", "data": []any{m}})
	case "/version":
		write(w, map[string]any{"version": "0.32.0"})
	case "/tokenize":
		f.tokenize(w, &q)
	case "/metrics":
		f.mu.Lock()
		defer f.mu.Unlock()
		fmt.Fprintf(w, "# TYPE x counter\nvllm:prefix_cache_queries_total{engine=\"0\",model_name=%q} %d.0\nvllm:prefix_cache_hits_total{engine=\"0\",model_name=%q} %d.0\n",
			f.Model, f.tokens.Load(), f.Model, f.hits)
	case "/v1/completions", "/v1/chat/completions":
		f.answer(w, r, &q)
	default:
		nothing(w)
	}
}

// TokensOf is the number of tokens of a text for the fake: one for four bytes, and BOS.
func TokensOf(text string) int { return 1 + (len(text)+3)/4 }

func (f *Fake) tokenize(w http.ResponseWriter, q *Request) {
	prompts := q.Prompts()
	if len(prompts) != 1 {
		refuse(w, http.StatusBadRequest, "Bad Request", "1 validation error")
		return
	}
	f.counted.Add(1)
	n := TokensOf(prompts[0])
	if prompts[0] == "</s>" {
		n = 2
	}
	if q.AddSpecial != nil && !*q.AddSpecial {
		n--
	}
	write(w, map[string]any{"count": n, "max_model_len": f.ContextLength, "tokens": make([]int, n)})
}

func (f *Fake) answer(w http.ResponseWriter, r *http.Request, q *Request) {
	prompts := q.Prompts()
	chat := len(q.Messages) > 0
	switch {
	case q.Model != f.Model:
		refuse(w, http.StatusNotFound, "NotFoundError", "The model `"+q.Model+"` does not exist. Valid aliases: "+f.Model+".")
		return
	case f.Single && !chat && q.Prompt[0] == '[':
		refuse(w, http.StatusBadRequest, "invalid_request_error", "invalid prompt: must be a string")
		return
	case len(prompts) == 1 && prompts[0] == "" && q.Prompt[0] != '[':
		refuse(w, http.StatusBadRequest, "BadRequestError", "Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)")
		return
	}
	for _, p := range prompts { // the whole list fails, and the error does not name the prompt
		if f.ContextLength > 0 && TokensOf(p) >= f.ContextLength {
			refuse(w, http.StatusBadRequest, "BadRequestError", fmt.Sprintf("This model's maximum context length is %d tokens. However, your prompt contains at least %d input tokens.", f.ContextLength, f.ContextLength+1))
			return
		}
	}
	if f.slots != nil {
		select {
		case f.slots <- struct{}{}:
			defer func() { <-f.slots }()
		case <-r.Context().Done():
			return
		}
	}
	if !sleep(r, f.Delay) {
		return
	}
	f.requests.Add(1)
	reply := answers{Object: "text_completion", Model: q.Model, Choices: make([]choice, len(prompts))}
	for i, p := range prompts {
		text := f.text(q, p)
		c := choice{Index: i, Text: text, FinishReason: "stop"}
		if chat {
			c.Text, c.Message = "", &said{Role: "assistant", Content: text}
		}
		if q.WantsTokens && !f.Bare {
			c.PromptTokens, c.Tokens = make([]int, TokensOf(p)), make([]int, TokensOf(text))
		}
		reply.Choices[i] = c
		reply.Usage.Prompt += TokensOf(p)
		reply.Usage.Completion += TokensOf(text)
		f.remember(p)
	}
	f.asked.Add(int64(len(prompts)))
	write(w, reply)
}

// text is the answer to a prompt. If the request has a schema that the server obeys, the
// answer matches it.
func (f *Fake) text(q *Request, prompt string) string {
	if s, there := q.Members[f.Schema]; there {
		_, rest, found := strings.Cut(string(s), `"enum":["`)
		if word, _, ok := strings.Cut(rest, `"`); found && ok {
			return `"` + word + `"`
		}
	}
	if f.Answer != nil {
		return f.Answer(prompt)
	}
	return "[]"
}

// remember imitates the counters of a prefix cache, for prompts that differ in their last
// five words only.
func (f *Fake) remember(prompt string) {
	passage := prompt
	for range 5 {
		passage = passage[:max(strings.LastIndexByte(passage, ' '), 0)]
	}
	f.tokens.Add(int64(TokensOf(prompt)))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen[passage] {
		f.hits += int64(TokensOf(passage))
	}
	f.seen[passage] = true
}

// Forget empties the imitated prefix cache, and the memory that it needs.
func (f *Fake) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = map[string]bool{}
}

type answers struct {
	Object  string   `json:"object"`
	Model   string   `json:"model"`
	Choices []choice `json:"choices"`
	Usage   struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	} `json:"usage"`
}

type choice struct {
	Index        int    `json:"index"`
	Text         string `json:"text,omitempty"`
	Message      *said  `json:"message,omitempty"`
	FinishReason string `json:"finish_reason"`
	PromptTokens []int  `json:"prompt_token_ids"`
	Tokens       []int  `json:"token_ids"`
}

type said struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// sleep waits. It returns false if the client disconnects first.
func sleep(r *http.Request, d time.Duration) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may have disconnected
}

func nothing(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(`{"detail":"Not Found"}`)) // the client may have disconnected
}

// Refuse sends a refusal in the format of the server.
func Refuse(w http.ResponseWriter, code int, message string) {
	refuse(w, code, http.StatusText(code), message)
}

func refuse(w http.ResponseWriter, code int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	write(w, map[string]any{"error": map[string]any{"message": message, "type": kind, "param": nil, "code": code}})
}
