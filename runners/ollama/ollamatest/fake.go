// Package ollamatest provides Ollama servers for tests: [Fake] imitates version 0.24.0
// and answers at once; [Start] runs a real server.
package ollamatest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Fake is an imitation of a server. Set its fields before the first request. If another
// process sends the requests, set them in New.
type Fake struct {
	*httptest.Server
	// Model is the only model of the server; Digest is its digest.
	Model, Digest string
	// ContextLength is the context of the model's training, in tokens.
	ContextLength int
	// Template is the chat template that the server reports; empty: none.
	Template string
	// Tokens is the number of tokens of a prompt; nil: [TokensOf].
	Tokens func(prompt string) int
	// Answer returns the answer to a prompt (of the chat shape: the last
	// message); nil: the empty list.
	Answer func(prompt string) string
	// Intercept may answer a request itself; then it returns true. May be nil.
	Intercept func(w http.ResponseWriter, r *Request) bool
	// Delay is the time that an answer takes.
	Delay time.Duration
	// Obeys: the server supports truncate: false. Older servers cut prompts without an
	// error.
	Obeys bool

	// IgnoresFormat: the server ignores schemas, as versions before 0.5 do.
	IgnoresFormat bool

	// Pullable is a model that the server can download; it replaces Model. Size and
	// VRAM are the reported sizes of the loaded model, in bytes.
	Pullable   string
	Size, VRAM int64

	open      atomic.Int64 // connections
	asked     atomic.Int64
	pulled    atomic.Bool
	changed   atomic.Pointer[func(prompt string) string]
	modelfile atomic.Pointer[string]
}

// SetModelfile changes what a running server reports of the model's file. At first it
// reports nothing.
func (f *Fake) SetModelfile(text string) { f.modelfile.Store(&text) }

func (f *Fake) file() string {
	if text := f.modelfile.Load(); text != nil {
		return *text
	}
	return ""
}

// Change changes the answers of a running server.
func (f *Fake) Change(answer func(prompt string) string) { f.changed.Store(&answer) }

// Request is a request, with the parts that tests check.
type Request struct {
	Path     string
	Model    string         `json:"model"`
	Prompt   string         `json:"prompt"`
	Raw      bool           `json:"raw"`
	Stream   *bool          `json:"stream"`
	Truncate *bool          `json:"truncate"`
	Shift    *bool          `json:"shift"`
	Think    any            `json:"think"`
	Format   any            `json:"format"`
	Options  map[string]any `json:"options"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	// Members are the names of all members of the request.
	Members map[string]json.RawMessage `json:"-"`
}

// Text is the prompt, or the last message.
func (r *Request) Text() string {
	if n := len(r.Messages); n > 0 {
		return r.Messages[n-1].Content
	}
	return r.Prompt
}

// New starts a fake server with a model "tiny". set may change its fields first. The
// server is closed when the test ends.
func New(t testing.TB, set ...func(*Fake)) *Fake {
	f := &Fake{Model: "tiny", Digest: strings.Repeat("ab", 32), ContextLength: 2048, Obeys: true}
	for _, change := range set {
		change(f)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/version", f.version)
	mux.HandleFunc("GET /api/tags", f.tags)
	mux.HandleFunc("POST /api/show", f.show)
	mux.HandleFunc("GET /api/ps", f.loaded)
	mux.HandleFunc("POST /api/pull", f.pull)
	mux.HandleFunc("POST /api/generate", f.answer)
	mux.HandleFunc("POST /api/chat", f.answer)
	f.Server = httptest.NewUnstartedServer(mux)
	f.Config.ConnState = f.count
	f.Start()
	t.Cleanup(f.Close)
	return f
}

// count counts the open connections.
func (f *Fake) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		f.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		f.open.Add(-1)
	}
}

// Settle waits for the end of all requests of processes that were killed: those that they
// sent before are answered, and counted, later. No other process may use the server.
func (f *Fake) Settle(t testing.TB) {
	t.Helper()
	// Connections are accepted in order: all others come before this one.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(f.URL + "/api/version")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	for f.open.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
}

// Asked is the number of answered prompts.
func (f *Fake) Asked() int { return int(f.asked.Load()) }

// version answers 0.0.0, like a server that was built with go install.
func (f *Fake) version(w http.ResponseWriter, _ *http.Request) {
	write(w, map[string]any{"version": "0.0.0"})
}

func (f *Fake) tags(w http.ResponseWriter, _ *http.Request) {
	write(w, map[string]any{"models": []any{map[string]any{
		"name": f.Model + ":latest", "model": f.Model + ":latest", "digest": f.Digest, "size": 1,
		"details": map[string]any{"quantization_level": "F16"},
	}}})
}

func (f *Fake) show(w http.ResponseWriter, r *http.Request) {
	var q Request
	if json.NewDecoder(r.Body).Decode(&q) != nil || !f.has(q.Model) {
		refuse(w, http.StatusNotFound, "model '"+q.Model+"' not found")
		return
	}
	write(w, map[string]any{"template": f.Template, "modelfile": f.file(), "model_info": map[string]any{
		"general.architecture": "llama", "llama.context_length": f.ContextLength,
	}})
}

func (f *Fake) has(model string) bool {
	name := strings.TrimSuffix(model, ":latest")
	return name == f.Model || f.pulled.Load() && name == f.Pullable
}

// loaded lists the model after the first query.
func (f *Fake) loaded(w http.ResponseWriter, _ *http.Request) {
	models := []any{}
	if f.Asked() > 0 && f.Size > 0 {
		models = append(models, map[string]any{"name": f.Model + ":latest", "model": f.Model + ":latest", "size": f.Size, "size_vram": f.VRAM})
	}
	write(w, map[string]any{"models": models})
}

// pull downloads a model, as the server does: with one JSON value per line.
func (f *Fake) pull(w http.ResponseWriter, r *http.Request) {
	var q Request
	if json.NewDecoder(r.Body).Decode(&q) != nil || q.Model != f.Pullable || q.Model == "" {
		_, _ = w.Write([]byte("{\"status\":\"pulling manifest\"}\n{\"error\":\"pull model manifest: file does not exist\"}\n"))
		return
	}
	f.pulled.Store(true)
	for _, line := range []string{
		`{"status":"pulling manifest"}`, `{"status":"pulling abc","total":2000000,"completed":500000}`,
		`{"status":"pulling abc","total":2000000,"completed":2000000}`, `{"status":"success"}`,
	} {
		_, _ = w.Write([]byte(line + "\n"))
	}
}

// TokensOf is the number of tokens of a text for the fake: one for four bytes.
func TokensOf(text string) int { return (len(text) + 3) / 4 }

func (f *Fake) answer(w http.ResponseWriter, r *http.Request) {
	q := Request{Path: r.URL.Path}
	var members map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&members); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	whole, _ := json.Marshal(members)
	if err := json.Unmarshal(whole, &q); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	q.Members = members
	if f.Intercept != nil && f.Intercept(w, &q) {
		return
	}
	if !f.has(q.Model) {
		refuse(w, http.StatusNotFound, "model '"+q.Model+"' not found, try pulling it first")
		return
	}
	context, _ := q.Options["num_ctx"].(float64)
	if context == 0 {
		context = 4096
	}
	tokens := TokensOf(q.Text())
	if f.Tokens != nil {
		tokens = f.Tokens(q.Text())
	}
	if tokens > int(context) {
		if f.Obeys && q.Truncate != nil && !*q.Truncate {
			refuse(w, http.StatusBadRequest, "the input length exceeds the context length")
			return
		}
		tokens = int(context) // cut without an error
	}
	if !sleep(r, f.Delay) {
		return
	}
	text := "[]"
	if changed := f.changed.Load(); changed != nil {
		text = (*changed)(q.Text())
	} else if f.Answer != nil {
		text = f.Answer(q.Text())
	}
	if constrained := formatted(q.Format); constrained != "" && !f.IgnoresFormat {
		text = constrained
	}
	f.asked.Add(1)
	reply := map[string]any{
		"model": q.Model, "done": true, "done_reason": "stop", "prompt_eval_count": tokens, "eval_count": TokensOf(text),
	}
	if q.Path == "/api/chat" {
		reply["message"] = map[string]any{"role": "assistant", "content": text}
	} else {
		reply["response"] = text
	}
	write(w, reply)
}

// formatted is an answer to a schema that allows one text, or to any JSON; empty: the
// schema allows all answers of the fake.
func formatted(format any) string {
	schema, _ := format.(map[string]any)
	texts, _ := schema["enum"].([]any)
	switch {
	case len(texts) == 1:
		return fmt.Sprintf("%q", texts[0])
	case format == "json":
		return "{}"
	}
	return ""
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
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v) // the client may have disconnected
}

// Refuse sends a refusal in the format of the server.
func Refuse(w http.ResponseWriter, code int, message string) { refuse(w, code, message) }

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": message})
}
