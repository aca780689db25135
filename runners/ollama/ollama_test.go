package ollama_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/ollama/ollamatest"
)

func newRunner(t *testing.T, f *ollamatest.Fake, change func(*ollama.Config)) *ollama.Runner {
	t.Helper()
	c := ollama.Config{Host: f.URL, Model: f.Model, Decoding: runners.Decoding{Seed: 1, Context: 1024}}
	if change != nil {
		change(&c)
	}
	r, err := ollama.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func query(text string) ner.Query {
	return ner.Query{Prompt: ner.Prompt{Text: text, Stop: []string{"</s>"}, MaxTokens: 16}}
}

func TestEverythingIsSent(t *testing.T) {
	f := ollamatest.New(t)
	var seen ollamatest.Request
	f.Intercept = func(_ http.ResponseWriter, r *ollamatest.Request) bool {
		seen = *r
		return false
	}
	r := newRunner(t, f, nil)
	schema := json.RawMessage(`{"type":"array"}`)
	q := query("a <b> & \u2028 ü \"quoted\" back\\slash\nline\ttab \x01 🚀")
	q.Prompt.Schema = schema
	if _, err := r.Complete(t.Context(), []ner.Query{q}); err != nil {
		t.Fatal(err)
	}
	if seen.Path != "/api/generate" || !seen.Raw || seen.Prompt != q.Prompt.Text || seen.Format == nil {
		t.Errorf("asked %+v", seen)
	}
	for name, p := range map[string]*bool{"stream": seen.Stream, "truncate": seen.Truncate, "shift": seen.Shift} {
		if p == nil || *p {
			t.Errorf("%s is not false", name)
		}
	}
	for _, forbidden := range []string{"system", "template", "context", "temperature", "suffix"} {
		if _, there := seen.Members[forbidden]; there {
			t.Errorf("%s is sent", forbidden)
		}
	}
	want := map[string]any{
		"temperature": 0.0, "top_p": 1.0, "top_k": 0.0, "min_p": 0.0, "repeat_penalty": 1.0, "presence_penalty": 0.0,
		"frequency_penalty": 0.0, "seed": 1.0, "num_predict": 16.0, "num_ctx": 1024.0,
	}
	for name, v := range want {
		if seen.Options[name] != v {
			t.Errorf("option %s is %v, want %v", name, seen.Options[name], v)
		}
	}
	if stop, _ := seen.Options["stop"].([]any); !slices.Equal(stop, []any{"</s>"}) {
		t.Errorf("stop is %v", stop)
	}
}

func TestChat(t *testing.T) {
	f := ollamatest.New(t)
	f.Answer = func(prompt string) string { return "said: " + prompt }
	r := newRunner(t, f, nil)
	got, err := r.Complete(t.Context(), []ner.Query{{Prompt: ner.Prompt{
		Messages: []ner.Message{{Role: "system", Content: "be brief"}, {Role: "user", Content: "hello"}}, MaxTokens: 4,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Text != "said: hello" || got[0].Finish != ner.FinishStop {
		t.Errorf("got %+v", got[0])
	}
}

func TestOneAfterAnother(t *testing.T) {
	f := ollamatest.New(t)
	var at, most atomic.Int64
	f.Answer = func(prompt string) string {
		most.Store(max(most.Load(), at.Add(1)))
		defer at.Add(-1)
		return strings.ToUpper(prompt)
	}
	got, err := newRunner(t, f, nil).Complete(t.Context(), []ner.Query{query("a"), query("b"), query("ü🚀")})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Text != "A" || got[1].Text != "B" || got[2].Text != "Ü🚀" || most.Load() != 1 {
		t.Errorf("got %+v, %d at once", got, most.Load())
	}
}

func TestTooLong(t *testing.T) {
	f := ollamatest.New(t)
	got, err := newRunner(t, f, nil).Complete(t.Context(), []ner.Query{query(strings.Repeat("long ", 2000)), query("short")})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Finish != ner.FinishTooLong || got[1].Finish != ner.FinishStop {
		t.Errorf("got %+v", got)
	}
}

// TestRefusedQuery: a bad request for one query does not stop the others.
func TestRefusedQuery(t *testing.T) {
	f := ollamatest.New(t)
	f.Intercept = func(w http.ResponseWriter, r *ollamatest.Request) bool {
		if r.Text() == "bad" {
			ollamatest.Refuse(w, 400, "invalid message: a part of the prompt is no text")
		}
		return r.Text() == "bad"
	}
	got, err := newRunner(t, f, nil).Complete(t.Context(), []ner.Query{query("bad"), query("good")})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Finish != ner.FinishRefused || got[0].Text != "400 Bad Request: invalid message: a part of the prompt is no text" || got[1].Text != "[]" {
		t.Errorf("got %+v", got)
	}
}

// TestTooLongWithItsAnswer: prompt and answer together must fit (docs/spec/prompts.md
// §2.6), even if the server answers.
func TestTooLongWithItsAnswer(t *testing.T) {
	f := ollamatest.New(t)
	q := query(strings.Repeat("word ", 800)) // 1,000 tokens of 1,024
	q.Prompt.MaxTokens = 100
	got, err := newRunner(t, f, nil).Complete(t.Context(), []ner.Query{q})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Finish != ner.FinishTooLong || got[0].Text != "" {
		t.Errorf("got %+v", got[0])
	}
}

func TestAServerThatCutsPrompts(t *testing.T) {
	f := ollamatest.New(t)
	f.Obeys = false
	_, err := newRunner(t, f, func(c *ollama.Config) { c.Decoding.Context = 64 }).Complete(t.Context(), []ner.Query{query(strings.Repeat("long ", 2000))})
	var shortened *runners.ShortenedError
	if !errors.As(err, &shortened) || !errors.Is(err, runners.ErrFatal) {
		t.Errorf("error is %v", err)
	}
}

func TestFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		intercept func(http.ResponseWriter, *ollamatest.Request) bool
		want      error
		text      string
	}{
		"busy": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			w.Header().Set("Retry-After", "7")
			ollamatest.Refuse(w, 503, "server busy")
			return true
		}, runners.ErrTemporary, "503"},
		"crashed": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			ollamatest.Refuse(w, 500, "llama runner process has terminated")
			return true
		}, runners.ErrTemporary, "terminated"},
		"another program": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			_, _ = w.Write([]byte(`{"status":"ok"}`))
			return true
		}, runners.ErrTemporary, "done"},
		"no such model": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			ollamatest.Refuse(w, 404, "model 'tiny' not found")
			return true
		}, runners.ErrFatal, "not found"},
		"bad request": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			ollamatest.Refuse(w, 400, "raw mode does not support template, system, or context")
			return true
		}, runners.ErrFatal, "raw mode"},
		"deadline": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			ollamatest.Refuse(w, 500, "context deadline exceeded")
			return true
		}, runners.ErrTemporary, "deadline"},
		"rate limit": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			ollamatest.Refuse(w, 429, "you exceeded the limit: the input length exceeds the context length of your plan")
			return true
		}, runners.ErrTemporary, "plan"},
		"no thinking": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			ollamatest.Refuse(w, 400, `"tiny" does not support thinking`)
			return true
		}, runners.ErrFatal, "thinking"},
		"cut JSON": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			_, _ = w.Write([]byte(`{"response": "[`))
			return true
		}, runners.ErrTemporary, "malformed response: unexpected JSON"},
		"error in the answer": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			_, _ = w.Write([]byte(`{"error": "unexpected EOF"}`))
			return true
		}, runners.ErrTemporary, "unexpected EOF"},
		"broken connection": {func(w http.ResponseWriter, _ *ollamatest.Request) bool {
			panic(http.ErrAbortHandler)
		}, runners.ErrTemporary, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			f := ollamatest.New(t)
			f.Intercept = func(w http.ResponseWriter, r *ollamatest.Request) bool {
				return r.Text() == "second" && tc.intercept(w, r)
			}
			got, err := newRunner(t, f, nil).Complete(t.Context(), []ner.Query{query("first"), query("second")})
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is %v", err)
			}
			if len(got) != 1 || got[0].Text != "[]" {
				t.Errorf("the answers before the error are lost: %+v", got)
			}
			var after *runners.RetryAfter
			if name == "busy" && (!errors.As(err, &after) || after.Wait != 7*time.Second) {
				t.Errorf("error is %#v, want one with a wait of 7 s", err)
			}
			var hint *fault.Hint
			if name == "no such model" && (!errors.As(err, &hint) || hint.Advice != "ollama pull tiny") {
				t.Errorf("hint is %+v", hint)
			}
		})
	}
}

// TestGivenUp: the server stops an answer that repeats a token, and sends done: false.
func TestGivenUp(t *testing.T) {
	f := ollamatest.New(t)
	f.Intercept = func(w http.ResponseWriter, _ *ollamatest.Request) bool {
		_, _ = w.Write([]byte(`{"model":"tiny","response":"[\"a a a a","done":false}`))
		return true
	}
	got, err := newRunner(t, f, nil).Complete(t.Context(), []ner.Query{query("x")})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Text != `["a a a a` || got[0].Finish != ner.FinishUnknown {
		t.Errorf("got %+v", got[0])
	}
}

func TestDeadlineAndCancellation(t *testing.T) {
	f := ollamatest.New(t)
	f.Delay = time.Minute
	r := newRunner(t, f, func(c *ollama.Config) { c.Timeout = 30 * time.Millisecond })
	if _, err := r.Complete(t.Context(), []ner.Query{query("x")}); !errors.Is(err, runners.ErrTemporary) || !strings.Contains(err.Error(), "no answer within 30ms") {
		t.Errorf("deadline: error is %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := newRunner(t, f, nil).Complete(ctx, []ner.Query{query("x")}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, runners.ErrTemporary) {
		t.Errorf("cancelled: error is %v", err)
	}
}

func TestIdentify(t *testing.T) {
	f := ollamatest.New(t)
	id, err := newRunner(t, f, nil).Identify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if id.Model != "ollama/tiny" || id.Digest != f.Digest || id.Context != 2048 || id.ServerVersion != "0.0.0" {
		t.Errorf("identity is %+v", id)
	}
	var hint *fault.Hint
	_, err = newRunner(t, f, func(c *ollama.Config) { c.Model = "other" }).Identify(t.Context())
	if !errors.As(err, &hint) || hint.Advice != "ollama pull other" || !errors.Is(err, runners.ErrFatal) {
		t.Errorf("unknown model: %v", err)
	}
	f.Close()
	_, err = newRunner(t, f, nil).Identify(t.Context())
	if !errors.As(err, &hint) || !strings.Contains(hint.Advice, "ollama serve") || !errors.Is(err, runners.ErrTemporary) {
		t.Errorf("no server: %v", err)
	}
}

func TestParseHost(t *testing.T) {
	for in, want := range map[string]string{
		"": "http://127.0.0.1:11434/", "box": "http://box:11434/", "box:99": "http://box:99/", "https://box/x/": "https://box:443/x",
		"http://box": "http://box:80/", "[::1]:5": "http://[::1]:5/",
		"http://box:99/v1": "http://box:99/", "box:99/v1/": "http://box:99/", "https://box/ollama/v1": "https://box:443/ollama", "box/v10": "http://box:11434/v10",
	} {
		if u, login, err := ollama.ParseHost(in); err != nil || u.String() != want || login != nil {
			t.Errorf("ParseHost(%q) is %v, %v; want %s", in, u, err, want)
		}
	}
	for _, in := range []string{"ftp://x", "x:0", "x:y"} {
		if _, _, err := ollama.ParseHost(in); err == nil {
			t.Errorf("ParseHost(%q) is accepted", in)
		}
	}
}

// TestLogin: a name and a password are sent to the server, and never printed.
func TestLogin(t *testing.T) {
	for in, want := range map[string]string{
		"http://me:s3cret@box:99/v1": "me:s3cret", "me:s3cret@box": "me:s3cret", "https://me:s3c%40ret@box": "me:s3c@ret",
		"http://me:s3c@ret@box": "me:s3c@ret", "http://me:s3/cret@box": "me:s3/cret",
	} {
		u, login, err := ollama.ParseHost(in)
		if err != nil || u.User != nil || strings.Contains(u.String(), "s3") || !strings.HasPrefix(u.Host, "box") {
			t.Errorf("ParseHost(%q) is %v, %v", in, u, err)
			continue
		}
		if password, _ := login.Password(); login.Username()+":"+password != want {
			t.Errorf("ParseHost(%q) has another login", in)
		}
	}
	for _, in := range []string{"ftp://me:s3cret@x", "me:s3cret@x:0", "me:s3cret@x:y", "http://me:s3cret%zz@x"} {
		if _, _, err := ollama.ParseHost(in); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("ParseHost(%q): error is %v", in, err)
		}
	}
	f := ollamatest.New(t)
	var denied atomic.Int64
	inner := f.Config.Handler
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, password, ok := r.BasicAuth(); !ok || name != "me" || password != "s3cret" {
			denied.Add(1)
		}
		inner.ServeHTTP(w, r)
	})
	host := strings.Replace(f.URL, "http://", "http://me:s3cret@", 1)
	r := newRunner(t, f, func(c *ollama.Config) { c.Host = host })
	if _, err := r.Identify(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Complete(t.Context(), []ner.Query{query("x")}); err != nil || denied.Load() > 0 {
		t.Errorf("%v; %d requests have no login", err, denied.Load())
	}
	status, err := ollama.Look(t.Context(), host)
	if err != nil || strings.Contains(status.Address, "me") {
		t.Errorf("status is %+v, %v", status, err)
	}
	f.Close()
	if _, err := r.Identify(t.Context()); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error is %v", err)
	}
	if _, err := r.Complete(t.Context(), []ner.Query{query("x")}); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error is %v", err)
	}
}

// TestKeepAlive: the time is sent in the form of the server; without one, nothing is sent.
func TestKeepAlive(t *testing.T) {
	for _, tc := range []struct {
		keep *time.Duration
		want string
	}{{nil, ""}, {new(time.Duration), `"0s"`}, {ptr(-time.Second), "-1"}, {ptr(30 * time.Minute), `"30m0s"`}} {
		f := ollamatest.New(t)
		got := ""
		f.Intercept = func(_ http.ResponseWriter, r *ollamatest.Request) bool {
			got = string(r.Members["keep_alive"])
			return false
		}
		r := newRunner(t, f, func(c *ollama.Config) { c.KeepAlive = tc.keep })
		if _, err := r.Complete(t.Context(), []ner.Query{query("x")}); err != nil || got != tc.want {
			t.Errorf("keep_alive is %s, want %s, %v", got, tc.want, err)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestNewRefuses(t *testing.T) {
	for _, c := range []ollama.Config{{Model: "x"}, {Decoding: runners.Decoding{Context: 1}}, {Host: "ftp://x", Model: "x", Decoding: runners.Decoding{Context: 1}}} {
		if _, err := ollama.New(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

// TestObeysSchema: a server that ignores the schema is noticed, in each shape.
func TestObeysSchema(t *testing.T) {
	for name, tc := range map[string]struct {
		ignores      bool
		answer       string
		schema       string
		obeys, known bool
	}{
		"obeys":               {false, "yes", `{"type":"array"}`, true, true},
		"obeys json":          {false, "yes", `"json"`, true, true},
		"ignores":             {true, "yes", `{"type":"array"}`, false, true},
		"ignores, blank":      {true, "", `{"type":"array"}`, false, true},
		"ignores json":        {true, "yes", `"json"`, false, true},
		"ignores, any object": {true, `{"a":1}`, `{"type":"array"}`, false, true},
	} {
		for _, shape := range []ner.Prompt{{Text: "x"}, {Messages: []ner.Message{{Role: "user", Content: "x"}}}} {
			t.Run(name, func(t *testing.T) {
				f := ollamatest.New(t, func(f *ollamatest.Fake) {
					f.IgnoresFormat = tc.ignores
					f.Answer = func(string) string { return tc.answer }
				})
				shape.Schema = json.RawMessage(tc.schema)
				obeys, known, err := newRunner(t, f, nil).ObeysSchema(t.Context(), &shape)
				if err != nil || obeys != tc.obeys || known != tc.known {
					t.Errorf("obeys %v, known %v, %v", obeys, known, err)
				}
			})
		}
	}
}
