package vllm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/vllm"
	"nerbench/runners/vllm/vllmtest"
)

// newRunner returns a runner that has probed a fake server.
func newRunner(t testing.TB, f *vllmtest.Fake, change func(*vllm.Config)) *vllm.Runner {
	t.Helper()
	c := vllm.Config{Servers: []string{f.URL}, Model: f.Model, Key: f.Key, Decoding: runners.Decoding{Seed: 1}}
	if change != nil {
		change(&c)
	}
	r, err := vllm.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	probe(t, r, query("x"))
	return r
}

func probe(t testing.TB, r *vllm.Runner, example ner.Query) vllm.Abilities {
	t.Helper()
	a, err := r.Probe(t.Context(), &example.Prompt)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func query(text string) ner.Query {
	return ner.Query{Prompt: ner.Prompt{Text: text, Stop: []string{"</s>"}, MaxTokens: 16}}
}

func chat(text string) ner.Query {
	return ner.Query{Prompt: ner.Prompt{Messages: []ner.Message{{Role: "user", Content: text}}, MaxTokens: 16}}
}

func TestEverythingIsSent(t *testing.T) {
	var seen vllmtest.Request
	f := vllmtest.New(t)
	r := newRunner(t, f, nil)
	f.Intercept = func(_ http.ResponseWriter, _ string, q *vllmtest.Request) bool {
		seen = *q
		return false
	}
	nasty := "a <b> & \u2028 ü \"quoted\" back\\slash\nline\ttab \x01 🚀"
	if _, err := r.Complete(t.Context(), []ner.Query{query(nasty), query("b")}); err != nil {
		t.Fatal(err)
	}
	if prompts := seen.Prompts(); len(prompts) != 2 || prompts[0] != nasty {
		t.Errorf("asked %q", prompts)
	}
	want := map[string]string{
		"temperature": "0", "top_p": "1", "top_k": "-1", "min_p": "0", "repetition_penalty": "1", "presence_penalty": "0",
		"frequency_penalty": "0", "seed": "1", "max_tokens": "16", "stop": `["\u003c/s\u003e"]`, "n": "1", "echo": "false", "stream": "false",
		"include_stop_str_in_output": "false", "model": `"tiny"`, "return_token_ids": "true",
	}
	for name, value := range want {
		if got := string(seen.Members[name]); got != value {
			t.Errorf("%s is %s, want %s", name, got, value)
		}
	}
	for _, forbidden := range []string{"truncate_prompt_tokens", "add_special_tokens", "messages"} {
		if _, there := seen.Members[forbidden]; there {
			t.Errorf("%s is sent", forbidden)
		}
	}
	if _, err := r.Complete(t.Context(), []ner.Query{chat("hello")}); err != nil {
		t.Fatal(err)
	}
	if got := string(seen.Members["chat_template_kwargs"]); got != `{"enable_thinking":false}` || seen.Messages[0].Content != "hello" {
		t.Errorf("asked %s, %s", seen.Messages, got)
	}
}

// TestConstrained: a schema and any JSON are requested with the member that the server
// obeys (docs/spec/prompts.md §2.7).
func TestConstrained(t *testing.T) {
	for _, tc := range []struct{ member, schema, anyJSON string }{
		{"structured_outputs", `{"json":{"type":"array"}}`, `{"json_object":true}`},
		{"guided_json", `{"type":"array"}`, `{"type":"object"}`},
		{"response_format", `{"json_schema":{"name":"ner","schema":{"type":"array"}},"type":"json_schema"}`, `{"type":"json_object"}`},
	} {
		for _, chatShape := range []bool{false, true} {
			for schema, want := range map[string]string{`{"type":"array"}`: tc.schema, `"json"`: tc.anyJSON} {
				t.Run(fmt.Sprintf("%s/chat %v/%s", tc.member, chatShape, schema), func(t *testing.T) {
					var last atomic.Pointer[vllmtest.Request]
					f := vllmtest.New(t, func(f *vllmtest.Fake) {
						f.Schema = tc.member
						f.Intercept = func(_ http.ResponseWriter, _ string, q *vllmtest.Request) bool { last.Store(q); return false }
					})
					q := query("x")
					if chatShape {
						q = chat("x")
					}
					q.Prompt.Schema = json.RawMessage(schema)
					r := newRunner(t, f, nil)
					if a := probe(t, r, q); a.Schema != tc.member {
						t.Fatalf("abilities are %+v", a)
					}
					if _, err := r.Complete(t.Context(), []ner.Query{q}); err != nil {
						t.Fatal(err)
					}
					for _, member := range []string{"structured_outputs", "guided_json", "response_format"} {
						got, there := last.Load().Members[member]
						if member == tc.member && string(got) != want || member != tc.member && there {
							t.Errorf("%s is %s, want %s by %s", member, got, want, tc.member)
						}
					}
				})
			}
		}
	}
}

func TestProbe(t *testing.T) {
	schema := query("x")
	schema.Prompt.Schema = json.RawMessage(`{"type":"array"}`)
	chatSchema := chat("x")
	chatSchema.Prompt.Schema = schema.Prompt.Schema
	special := &runners.Special{Added: 1, Texts: []string{"</s>"}, Tokens: []int{1}}
	for name, tc := range map[string]struct {
		set     func(*vllmtest.Fake)
		example ner.Query
		want    vllm.Abilities
	}{
		"vllm":            {func(*vllmtest.Fake) {}, query("x"), vllm.Abilities{Lists: true, TokenIDs: true, Tokenize: true, Special: special}},
		"no lists":        {func(f *vllmtest.Fake) { f.Single = true }, query("x"), vllm.Abilities{Tokenize: true, Special: special}},
		"nothing but v1":  {func(f *vllmtest.Fake) { f.Bare = true }, query("x"), vllm.Abilities{Lists: true}},
		"schema":          {func(*vllmtest.Fake) {}, schema, vllm.Abilities{Lists: true, TokenIDs: true, Tokenize: true, Special: special, Schema: "structured_outputs"}},
		"older schema":    {func(f *vllmtest.Fake) { f.Schema = "guided_json" }, schema, vllm.Abilities{Lists: true, TokenIDs: true, Tokenize: true, Special: special, Schema: "guided_json"}},
		"response format": {func(f *vllmtest.Fake) { f.Schema = "response_format" }, chatSchema, vllm.Abilities{Tokenize: true, Special: special, Schema: "response_format"}},
		"strict": {func(f *vllmtest.Fake) {
			f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
				if _, there := q.Members["top_k"]; there {
					vllmtest.Refuse(w, 400, "Unrecognized request argument supplied: top_k")
					return true
				}
				return false
			}
		}, chat("x"), vllm.Abilities{Refuses: []string{"top_k"}, Tokenize: true, Special: special}},
		"one after another": {refusing(func(q *vllmtest.Request) string {
			if q.Members["max_tokens"] != nil {
				return `{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}`
			}
			if q.Members["temperature"] != nil {
				return `{"error":{"message":"Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}`
			}
			return ""
		}), chat("x"), vllm.Abilities{Refuses: []string{"max_tokens", "temperature"}, Tokenize: true, Special: special}},
		"Mistral": {refusing(func(q *vllmtest.Request) string {
			if q.Members["n"] != nil || q.Members["seed"] != nil {
				return `{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","n"],"msg":"Extra inputs are not permitted","input":1},{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted","input":1}]},"type":"invalid_request_error","param":null,"code":null}`
			}
			return ""
		}), chat("x"), vllm.Abilities{Refuses: []string{"n", "seed"}, Tokenize: true, Special: special}},
		"no name": {refusing(func(q *vllmtest.Request) string {
			if q.Members["min_p"] != nil {
				return `{"error":{"message":"bad request"}}`
			}
			return ""
		}), chat("x"), vllm.Abilities{Refuses: []string{"min_p"}, Tokenize: true, Special: special}},
		"no name, several": {refusing(func(q *vllmtest.Request) string {
			if q.Members["min_p"] != nil || q.Members["top_k"] != nil {
				return `{"error":{"message":"bad request"}}`
			}
			return ""
		}), chat("x"), vllm.Abilities{
			Refuses:  []string{"chat_template_kwargs", "include_stop_str_in_output", "min_p", "repetition_penalty", "top_k"},
			Tokenize: true, Special: special,
		}},
		"one member of a list": {refusing(func(q *vllmtest.Request) string {
			if q.Members["chat_template_kwargs"] != nil || q.Members["return_token_ids"] != nil {
				return `{"error":{"message":"Unrecognized request argument supplied: return_token_ids"}}`
			}
			return ""
		}), query("x"), vllm.Abilities{Lists: true, Refuses: []string{"return_token_ids"}, Tokenize: true, Special: special}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := probe(t, newRunner(t, vllmtest.New(t, tc.set), nil), tc.example); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
	t.Run("schemas are ignored", func(t *testing.T) {
		f := vllmtest.New(t, func(f *vllmtest.Fake) { f.Schema = "none" })
		_, err := newRunner(t, f, nil).Probe(t.Context(), &schema.Prompt)
		if !errors.Is(err, runners.ErrFatal) || !strings.Contains(err.Error(), "does not constrain") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("ollama", func(t *testing.T) {
		f := vllmtest.New(t, func(f *vllmtest.Fake) {
			f.Owner = "library"
			f.Intercept = func(w http.ResponseWriter, path string, _ *vllmtest.Request) bool {
				if path == "/api/version" {
					_, _ = w.Write([]byte(`{"version":"0.0.0"}`))
				}
				return path == "/api/version"
			}
		})
		r := newRunner(t, f, nil)
		if _, err := r.Complete(t.Context(), []ner.Query{query("x")}); !errors.Is(err, runners.ErrFatal) || !strings.Contains(err.Error(), "-m ollama/tiny") {
			t.Errorf("error is %v", err)
		}
		if got, err := r.Complete(t.Context(), []ner.Query{chat("x")}); err != nil || got[0].Text != "[]" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

// refusing makes a server that refuses requests for completions with a body.
func refusing(body func(*vllmtest.Request) string) func(*vllmtest.Fake) {
	return func(f *vllmtest.Fake) {
		f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
			text := ""
			if strings.HasSuffix(path, "/completions") {
				text = body(q)
			}
			if text != "" {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(text))
			}
			return text != ""
		}
	}
}

// TestLists: the queries of a passage are one request, unless they differ in more than
// their text.
func TestLists(t *testing.T) {
	f := vllmtest.New(t, func(f *vllmtest.Fake) { f.Answer = echo })
	r := newRunner(t, f, nil)
	before := f.Requests()
	longer := query("c")
	longer.Prompt.MaxTokens = 17
	got, err := r.Complete(t.Context(), []ner.Query{query("a"), query("b"), longer, chat("d")})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"a", "b", "c", "d"} {
		if got[i].Text != echo(want) || got[i].PromptTokens != vllmtest.TokensOf(want) {
			t.Errorf("%s: got %+v", want, got[i])
		}
	}
	if n := f.Requests() - before; n != 3 {
		t.Errorf("%d requests", n)
	}
}

// TestTooLong: in a list, with or without a tokenizer, queries that do not fit are too
// long, and the others are answered. A query whose answer the server would limit does
// not fit.
func TestTooLong(t *testing.T) {
	clamped := strings.Repeat("x", 4*2040) // with its 16 tokens of an answer it exceeds 2048
	for name, set := range map[string]func(*vllmtest.Fake){
		"tokenizer":      func(*vllmtest.Fake) {},
		"no lists":       func(f *vllmtest.Fake) { f.Single = true },
		"no tokenizer":   func(f *vllmtest.Fake) { f.Bare = true },
		"bare and alone": func(f *vllmtest.Fake) { f.Bare, f.Single = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			f := vllmtest.New(t, func(f *vllmtest.Fake) { f.Answer = echo }, set)
			r := newRunner(t, f, nil)
			got, err := r.Complete(t.Context(), []ner.Query{query("a"), query(clamped), query(strings.Repeat("long ", 9000)), query("b")})
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Text != echo("a") || got[3].Text != echo("b") {
				t.Errorf("got %+v", got)
			}
			for _, c := range got[1:3] {
				if c.Finish != ner.FinishTooLong || c.Text != "" {
					t.Errorf("got %+v", c)
				}
			}
		})
	}
}

// TestCountingIsRare: a passage of long prompts is counted once.
func TestCountingIsRare(t *testing.T) {
	f := vllmtest.New(t)
	r := newRunner(t, f, nil)
	before := f.Counted()
	passage := strings.Repeat("x", 5000)
	var queries []ner.Query
	for _, kind := range []string{"person", "place", "date", "group"} {
		queries = append(queries, query(passage+" "+kind))
	}
	requests := f.Requests()
	if _, err := r.Complete(t.Context(), queries); err != nil {
		t.Fatal(err)
	}
	if n := f.Counted() - before; n != 1 {
		t.Errorf("%d prompts were counted", n)
	}
	if n := f.Requests() - requests; n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestShortened: a server that reads too few tokens of a prompt cuts it.
func TestShortened(t *testing.T) {
	f := vllmtest.New(t)
	r := newRunner(t, f, nil)
	f.Intercept = func(w http.ResponseWriter, path string, _ *vllmtest.Request) bool {
		if path != "/v1/completions" {
			return false
		}
		_, _ = w.Write([]byte(`{"choices":[{"index":0,"text":"[]","finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":1}}`))
		return true
	}
	_, err := r.Complete(t.Context(), []ner.Query{query(strings.Repeat("word ", 400))})
	if _, ok := errors.AsType[*runners.ShortenedError](err); !ok || !errors.Is(err, runners.ErrFatal) {
		t.Errorf("error is %v", err)
	}
}

// TestRefusals: the error depends on the message of the server, in each of the forms
// that servers use.
func TestRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		status           int
		header, body     string
		temporary, fatal bool
		want, hint       string
	}{
		"rate limit":            {429, "7", `{"error":{"message":"slow down"}}`, true, false, "slow down", ""},
		"error is a string":     {401, "", `{"error":"Unauthorized"}`, false, true, "Unauthorized", "OPENAI_API_KEY"},
		"detail":                {404, "", `{"detail":"Not Found"}`, false, true, "no /v1/completions", "embedding model"},
		"a proxy's page":        {502, "", "<html>\nBad Gateway", true, false, "<html>", ""},
		"engine dead":           {500, "", `{"error":{"message":"EngineCore encountered an issue."}}`, true, false, "EngineCore", ""},
		"unknown model":         {404, "", `{"error":{"message":"The model does not exist."}}`, false, true, "does not exist", `"tiny"`},
		"a model of chats":      {404, "", `{"error":{"message":"This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?","param":"model"}}`, false, true, "chat model", "as=chat"},
		"no chat template":      {400, "", `{"error":{"message":"As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template if the tokenizer does not define one."}}`, false, true, "chat template", "as=completion"},
		"200 with an error":     {200, "", `{"error":{"message":"overloaded"}}`, true, false, "overloaded", ""},
		"200 with a page":       {200, "", "<html>", true, false, "JSON", ""},
		"fewer choices":         {200, "", `{"choices":[]}`, true, false, "0 choices for 1", ""},
		"index out of the list": {200, "", `{"choices":[{"index":7,"text":"x"}]}`, true, false, "choice 7", ""},
		"aborted":               {200, "", `{"choices":[{"index":0,"text":"x","finish_reason":"abort"}]}`, true, false, "aborted", ""},
		"rate limit of tokens":  {429, "", `{"error":{"message":"Rate limit exceeded: the maximum context length is 8192 tokens a minute","code":"context_length_exceeded"}}`, true, false, "Rate limit", ""},
		"deadline":              {504, "", `{"error":{"message":"context deadline exceeded"}}`, true, false, "deadline", ""},
		"a router's error":      {200, "", `{"choices":[{"index":0,"error":{"code":502,"message":"Upstream error"},"text":"","finish_reason":null}]}`, true, false, "Upstream error", ""},
		"no answer at all":      {200, "", `{"choices":[{"index":0,"finish_reason":null}]}`, true, false, "no finish_reason", ""},
		"not ready":             {400, "", `{"error":"Model was unloaded while the request was still in queue.."}`, true, false, "unloaded", ""},
		"a page at the start":   {403, "", "<html>403 Forbidden</html>", false, true, "Forbidden", "OPENAI_API_KEY"},
		"status 501":            {501, "", `{"error":{"message":"no such endpoint"}}`, false, true, "no such endpoint", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := vllmtest.New(t)
			r := newRunner(t, f, nil)
			f.Intercept = func(w http.ResponseWriter, path string, _ *vllmtest.Request) bool {
				if path != "/v1/completions" {
					return false
				}
				if tc.header != "" {
					w.Header().Set("Retry-After", tc.header)
				}
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body))
				return true
			}
			got, err := r.Complete(t.Context(), []ner.Query{query("x")})
			if len(got) != 0 || errors.Is(err, runners.ErrTemporary) != tc.temporary || errors.Is(err, runners.ErrFatal) != tc.fatal || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, %v", got, err)
			}
			var hint *fault.Hint
			if tc.hint != "" && (!errors.As(err, &hint) || !strings.Contains(hint.Advice, tc.hint)) {
				t.Errorf("hint is %+v", hint)
			}
			var after *runners.RetryAfter
			if tc.header != "" && (!errors.As(err, &after) || after.Wait != 7*time.Second) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// TestRefusedQueries: a server refuses one query in the form that it has; the other
// queries of the list are answered.
func TestRefusedQueries(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		finish ner.Finish
		text   string
	}{
		"vLLM":             {400, `{"error":{"message":"This model's maximum context length is 1024 tokens. However, your prompt contains at least 1025 input tokens.","type":"BadRequestError","param":"input_tokens","code":400}}`, ner.FinishTooLong, ""},
		"SGLang":           {400, `{"object":"error","message":"The input (61709 tokens) is longer than the model's context length (40960 tokens).","type":"BadRequestError","param":null,"code":400}`, ner.FinishTooLong, ""},
		"OpenAI":           {400, `{"error":{"message":"Your input exceeds the context window of this model.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, ner.FinishTooLong, ""},
		"TGI":              {422, "{\"error\":\"Input validation error: `inputs` must have less than 4096 tokens. Given: 4545\",\"error_type\":\"validation\"}", ner.FinishTooLong, ""},
		"LM Studio":        {400, `{"error":"Trying to keep the first 10136 tokens when context the overflows. However, the model is loaded with context length of only 7866 tokens, which is not enough."}`, ner.FinishTooLong, ""},
		"llama.cpp":        {400, `{"error":{"code":400,"message":"request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":4390,"n_ctx":4096}}`, ner.FinishTooLong, ""},
		"llama.cpp in 200": {200, `{"error":{"code":400,"message":"the request exceeds the available context size. try increasing the context size or enable context shift","type":"exceed_context_size_error"}}`, ner.FinishTooLong, ""},
		"Azure": {400, `{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}`,
			ner.FinishRefused, "content management policy"},
		"older form":        {400, `{"object":"error","message":"best_of must be 1"}`, ner.FinishRefused, "best_of"},
		"no words":          {413, `{"error":{"message":"too large"}}`, ner.FinishRefused, "too large"},
		"legal":             {451, `{}`, ner.FinishRefused, "451"},
		"moderation in 200": {200, `{"error":{"code":403,"message":"Your input was flagged"}}`, ner.FinishRefused, "flagged"},
		"moderation":        {403, `{"error":{"code":403,"message":"openai/gpt-4o requires moderation on OpenRouter. Your input was flagged"}}`, ner.FinishRefused, "flagged"},
	} {
		for _, shape := range []func(string) ner.Query{query, chat} {
			t.Run(name, func(t *testing.T) {
				f := vllmtest.New(t)
				r := newRunner(t, f, nil)
				f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
					if !strings.HasSuffix(path, "/completions") || !slices.Contains(q.Prompts(), "bad") {
						return false
					}
					w.WriteHeader(tc.status)
					_, _ = w.Write([]byte(tc.body))
					return true
				}
				got, err := r.Complete(t.Context(), []ner.Query{shape("a"), shape("bad"), shape("b")})
				if err != nil || len(got) != 3 || got[0].Text != "[]" || got[2].Text != "[]" {
					t.Fatalf("got %+v, %v", got, err)
				}
				if got[1].Finish != tc.finish || !strings.Contains(got[1].Text, tc.text) || tc.text == "" && got[1].Text != "" {
					t.Errorf("got %+v", got[1])
				}
			})
		}
	}
}

// TestPages: a page of a firewall in place of an answer says nothing about the key once the
// server has answered.
func TestPages(t *testing.T) {
	f := vllmtest.New(t)
	r := newRunner(t, f, nil)
	f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
		if !strings.HasSuffix(path, "/completions") || !slices.Contains(q.Prompts(), "bad") {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<html>403 Forbidden</html>"))
		return true
	}
	if _, err := r.Complete(t.Context(), []ner.Query{query("a")}); err != nil {
		t.Fatal(err)
	}
	got, err := r.Complete(t.Context(), []ner.Query{query("bad")})
	if len(got) != 0 || !errors.Is(err, runners.ErrTemporary) || errors.Is(err, runners.ErrFatal) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestRefusedChoice: a router reports the refusal of a query inside its choice.
func TestRefusedChoice(t *testing.T) {
	f := vllmtest.New(t)
	r := newRunner(t, f, nil)
	f.Intercept = func(w http.ResponseWriter, path string, _ *vllmtest.Request) bool {
		if !strings.HasSuffix(path, "/completions") {
			return false
		}
		_, _ = w.Write([]byte(`{"choices":[{"index":0,"error":{"code":400,"message":"content policy"},"finish_reason":"error"}]}`))
		return true
	}
	got, err := r.Complete(t.Context(), []ner.Query{chat("bad")})
	if err != nil || len(got) != 1 || got[0].Finish != ner.FinishRefused || !strings.Contains(got[0].Text, "content policy") {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestSchemaProbeIsNotLimited: a rate limit during the probe is no proof that the server
// ignores schemas.
func TestSchemaProbeIsNotLimited(t *testing.T) {
	f := vllmtest.New(t)
	r := newRunner(t, f, func(c *vllm.Config) { c.Unconstrained = true })
	f.Intercept = func(w http.ResponseWriter, _ string, q *vllmtest.Request) bool {
		if q.Members["structured_outputs"] == nil {
			return false
		}
		vllmtest.Refuse(w, http.StatusTooManyRequests, "slow down")
		return true
	}
	example := query("x")
	example.Prompt.Schema = []byte(`{"type":"array"}`)
	if a, err := r.Probe(t.Context(), &example.Prompt); !errors.Is(err, runners.ErrTemporary) {
		t.Errorf("got %+v, %v", a, err)
	}
}

// TestWrongOrder: choices in another order are sorted. A duplicate choice is an error.
func TestWrongOrder(t *testing.T) {
	f := vllmtest.New(t)
	r := newRunner(t, f, nil)
	body := `{"choices":[{"index":1,"text":"b","finish_reason":"stop"},{"index":0,"text":"a","finish_reason":"stop"}]}`
	f.Intercept = func(w http.ResponseWriter, path string, _ *vllmtest.Request) bool {
		if path == "/v1/completions" {
			_, _ = w.Write([]byte(body))
		}
		return path == "/v1/completions"
	}
	two := []ner.Query{query("a"), query("b")}
	if got, err := r.Complete(t.Context(), two); err != nil || got[0].Text != "a" || got[1].Text != "b" {
		t.Errorf("got %+v, %v", got, err)
	}
	body = strings.Replace(body, `"index":0`, `"index":1`, 1)
	if got, err := r.Complete(t.Context(), two); len(got) != 0 || !errors.Is(err, runners.ErrTemporary) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAddresses(t *testing.T) {
	for given, want := range map[string]string{
		"http://host:8000":         "http://host:8000",
		"http://host:8000/v1":      "http://host:8000",
		"http://host:8000/v1/":     "http://host:8000",
		"https://host/models/a/v1": "https://host/models/a",
		"host:8000":                "http://host:8000",
		"http://u:secret@host/v1":  "",
		"ftp://host":               "",
		"http://host?key=1":        "",
		"":                         "",
		"http://[::1":              "",
	} {
		u, err := vllm.ParseAddress(given)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q is accepted", given)
		case want == "" && strings.Contains(err.Error(), "secret"):
			t.Errorf("%q: the error contains the password: %v", given, err)
		case want != "" && (err != nil || u.String() != want):
			t.Errorf("%q: got %v, %v", given, u, err)
		}
	}
}

// TestSeveralServers: all servers get work; a dead and a slow one do not stop the others;
// a server with another model is an error.
func TestSeveralServers(t *testing.T) {
	ask := func(t *testing.T, r runners.Runner, passages, atOnce int) {
		t.Helper()
		var group sync.WaitGroup
		var next atomic.Int64
		for range atOnce {
			group.Go(func() {
				for next.Add(1) <= int64(passages) {
					if got, err := r.Complete(t.Context(), []ner.Query{query("a"), query("b")}); err != nil || len(got) != 2 {
						t.Errorf("got %d completions, %v", len(got), err)
						return
					}
				}
			})
		}
		group.Wait()
	}
	t.Run("shared", func(t *testing.T) {
		a, b := vllmtest.New(t, func(f *vllmtest.Fake) { f.Delay = time.Millisecond }), vllmtest.New(t, func(f *vllmtest.Fake) { f.Delay = time.Millisecond })
		r := newRunner(t, a, func(c *vllm.Config) { c.Servers = append(c.Servers, b.URL) })
		ask(t, r, 200, 8)
		if a.Asked() < 100 || b.Asked() < 100 {
			t.Errorf("asked %d and %d", a.Asked(), b.Asked())
		}
	})
	t.Run("slow", func(t *testing.T) {
		const passages, atOnce = 300, 8
		var answered, waiting atomic.Int64
		most := make(chan struct{}) // closed: the fast server has answered nearly all
		release := sync.OnceFunc(func() { close(most) })
		fast := vllmtest.New(t, func(f *vllmtest.Fake) {
			f.Intercept = func(_ http.ResponseWriter, path string, _ *vllmtest.Request) bool {
				if strings.HasSuffix(path, "/completions") && answered.Add(1) == passages*9/10 {
					release()
				}
				return false
			}
		})
		slow := vllmtest.New(t, func(f *vllmtest.Fake) {
			f.Intercept = func(_ http.ResponseWriter, path string, _ *vllmtest.Request) bool {
				if strings.HasSuffix(path, "/completions") {
					if waiting.Add(1) == atOnce {
						t.Error("all wait for the slow server")
						release()
					}
					<-most
					waiting.Add(-1)
				}
				return false
			}
		})
		r := newRunner(t, fast, func(c *vllm.Config) { c.Servers = append(c.Servers, slow.URL) })
		ask(t, r, passages, atOnce)
		if slow.Asked() > fast.Asked()/4 {
			t.Errorf("the fast server got %d queries, the slow one %d", fast.Asked(), slow.Asked())
		}
	})
	t.Run("dead from the start, and back", func(t *testing.T) {
		alive := vllmtest.New(t)
		dead := vllmtest.New(t)
		dead.Close()
		var told atomic.Int64
		r := newRunner(t, alive, func(c *vllm.Config) {
			c.Servers = append(c.Servers, dead.URL)
			c.Observe = func(string) { told.Add(1) }
		})
		if _, err := r.Identify(t.Context()); err != nil {
			t.Fatal(err)
		}
		ask(t, r, 50, 4)
		if told.Load() != 1 {
			t.Errorf("%d remarks", told.Load())
		}
	})
	t.Run("another model", func(t *testing.T) {
		a, b := vllmtest.New(t), vllmtest.New(t, func(f *vllmtest.Fake) { f.Root = "/models/other" })
		r := newRunner(t, a, func(c *vllm.Config) { c.Servers = append(c.Servers, b.URL) })
		if _, err := r.Identify(t.Context()); !errors.Is(err, runners.ErrFatal) || !strings.Contains(err.Error(), "another model") {
			t.Errorf("error is %v", err)
		}
	})
}

// TestAnotherModelAfterARestart: a restarted server with other weights and the same name
// is detected.
func TestAnotherModelAfterARestart(t *testing.T) {
	f := vllmtest.New(t)
	r := newRunner(t, f, nil)
	if _, err := r.Complete(t.Context(), []ner.Query{query("a")}); err != nil {
		t.Fatal(err)
	}
	f.Root = "/models/other"
	f.CloseClientConnections()
	got, err := r.Complete(t.Context(), []ner.Query{query("a")})
	if errors.Is(err, runners.ErrTemporary) { // the old connection broke before the query was sent on a new one
		got, err = r.Complete(t.Context(), []ner.Query{query("a")})
	}
	if len(got) != 0 || !errors.Is(err, runners.ErrFatal) || !strings.Contains(err.Error(), "another model") {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestIdentify(t *testing.T) {
	f := vllmtest.New(t, func(f *vllmtest.Fake) { f.Key = "sk-secret" })
	r := newRunner(t, f, nil)
	id, err := r.Identify(t.Context())
	want := runners.Identity{Model: "vllm/tiny", Server: "vllm", ServerVersion: "0.32.0", Context: 2048, Address: f.URL, Root: "/models/tiny"}
	if err != nil || id != want {
		t.Errorf("identity is %+v, %v", id, err)
	}
	for name, tc := range map[string]struct {
		config vllm.Config
		want   error
		hint   string
	}{
		"no server": {vllm.Config{Servers: []string{"http://127.0.0.1:9"}, Model: "tiny"}, runners.ErrTemporary, "vllm serve"},
		"no host":   {vllm.Config{Servers: []string{"http://nowhere.invalid"}, Model: "tiny"}, runners.ErrTemporary, "--base-url"},
		"no model":  {vllm.Config{Servers: []string{f.URL}, Model: "large", Key: "sk-secret"}, runners.ErrFatal, `the server has: "tiny"`},
		"no key":    {vllm.Config{Servers: []string{f.URL}, Model: "tiny"}, runners.ErrFatal, "set OPENAI_API_KEY"},
		"wrong key": {vllm.Config{Servers: []string{f.URL}, Model: "tiny", Key: "sk-other"}, runners.ErrFatal, "another key"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := vllm.New(tc.config)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			_, err = r.Identify(t.Context())
			var hint *fault.Hint
			if !errors.Is(err, tc.want) || !errors.As(err, &hint) || !strings.Contains(hint.Advice, tc.hint) {
				t.Errorf("error is %v, hint %+v", err, hint)
			}
			if strings.Contains(err.Error(), "sk-") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	f := vllmtest.New(t)
	r := newRunner(t, f, func(c *vllm.Config) { c.Timeout = 50 * time.Millisecond })
	f.Delay = time.Minute
	if _, err := r.Complete(t.Context(), []ner.Query{query("a")}); !errors.Is(err, runners.ErrTemporary) || !strings.Contains(err.Error(), "no answer within") {
		t.Errorf("error is %v", err)
	}
	if n := r.Failures()["failed_late"]; n != 1 {
		t.Errorf("failures are %v", r.Failures())
	}
}
