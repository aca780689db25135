package vllm_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/vllm"
	"nerbench/runners/vllm/vllmtest"
)

// TestMessages: an answer, its thinking, a refusal or a call of a tool, in the forms that
// servers use.
func TestMessages(t *testing.T) {
	for name, tc := range map[string]struct {
		message, finish string
		want            ner.Completion
	}{
		"text":                  {`{"content":"[]"}`, "stop", ner.Completion{Text: "[]", Finish: ner.FinishStop}},
		"null":                  {`{"content":null}`, "stop", ner.Completion{Finish: ner.FinishStop}},
		"parts":                 {`{"content":[{"type":"text","text":"[\"a\","},{"type":"text","text":"\"b\"]"}]}`, "stop", ner.Completion{Text: `["a","b"]`, Finish: ner.FinishStop}},
		"parts with thinking":   {`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"[]"}]}`, "stop", ner.Completion{Text: "[]", Thinking: "hm", Finish: ner.FinishStop}},
		"reasoning":             {`{"content":"[]","reasoning":"hm"}`, "stop", ner.Completion{Text: "[]", Thinking: "hm", Finish: ner.FinishStop}},
		"reasoning_content":     {`{"content":"","reasoning_content":"hm"}`, "length", ner.Completion{Thinking: "hm", Finish: ner.FinishLength}},
		"both names":            {`{"content":"[]","reasoning":"hm","reasoning_content":"hm"}`, "stop", ner.Completion{Text: "[]", Thinking: "hm", Finish: ner.FinishStop}},
		"another form":          {`{"content":"[]","reasoning":{"summary":"hm"}}`, "stop", ner.Completion{Text: "[]", Finish: ner.FinishStop}},
		"refusal":               {`{"content":null,"refusal":"I cannot help with that."}`, "stop", ner.Completion{Text: "I cannot help with that.", Finish: ner.FinishRefused}},
		"refusal as a part":     {`{"content":[{"type":"refusal","refusal":"No."}]}`, "stop", ner.Completion{Text: "No.", Finish: ner.FinishRefused}},
		"tool call":             {`{"content":null,"tool_calls":[{"type":"function","function":{"name":"extract","arguments":"{}"}}]}`, "tool_calls", ner.Completion{Text: `[{"type":"function","function":{"name":"extract","arguments":"{}"}}]`, Finish: ner.FinishToolCall}},
		"text beside tool call": {`{"content":"[]","tool_calls":[{"type":"function"}]}`, "tool_calls", ner.Completion{Text: "[]"}},
		"no tool call":          {`{"content":"[]","tool_calls":[]}`, "stop", ner.Completion{Text: "[]", Finish: ner.FinishStop}},
		"content filter":        {`{"content":"[\"a"}`, "content_filter", ner.Completion{Text: `["a`, Finish: ner.FinishFiltered}},
	} {
		t.Run(name, func(t *testing.T) {
			f := vllmtest.New(t)
			r := newRunner(t, f, nil)
			f.Intercept = func(w http.ResponseWriter, path string, _ *vllmtest.Request) bool {
				if path == "/v1/chat/completions" {
					_, _ = w.Write([]byte(`{"model":"tiny","choices":[{"index":0,"message":` + tc.message + `,"finish_reason":"` + tc.finish + `"}],"usage":{"prompt_tokens":9,"completion_tokens":3}}`))
				}
				return path == "/v1/chat/completions"
			}
			got, err := r.Complete(t.Context(), []ner.Query{chat("x")})
			if err != nil {
				t.Fatal(err)
			}
			tc.want.PromptTokens, tc.want.AnswerTokens, tc.want.Duration = 9, 3, got[0].Duration
			if got[0] != tc.want {
				t.Errorf("got %+v, want %+v", got[0], tc.want)
			}
		})
	}
}

// TestThinking: what is sent about thinking, and what the key of a run records.
func TestThinking(t *testing.T) {
	for name, tc := range map[string]struct {
		decoding runners.Decoding
		with     string
		refused  string
		kwargs   string
		effort   string
		key      string
	}{
		"off":                     {runners.Decoding{}, "", "", `{"enable_thinking":false}`, "", "off"},
		"on":                      {runners.Decoding{Think: true}, "", "", `{"enable_thinking":true}`, "", "on"},
		"another switch":          {runners.Decoding{Think: true}, "thinking", "", `{"thinking":true}`, "", "on"},
		"own variables":           {runners.Decoding{Think: true}, `{"thinking_mode":"deep"}`, "", `{"thinking_mode":"deep"}`, "", "on"},
		"level":                   {runners.Decoding{Think: true, Level: "low"}, "", "", `{"enable_thinking":true}`, `"low"`, "low"},
		"level, no variables":     {runners.Decoding{Think: true, Level: "low"}, "", "chat_template_kwargs", "", `"low"`, "low"},
		"level refused":           {runners.Decoding{Think: true, Level: "low"}, "", "reasoning_effort", `{"enable_thinking":true}`, "", "on"},
		"off, refused":            {runners.Decoding{}, "", "chat_template_kwargs", "", "", ""},
		"on, refused":             {runners.Decoding{Think: true}, "", "chat_template_kwargs", "", "", ""},
		"another member, refused": {runners.Decoding{Think: true}, "", "top_k", `{"enable_thinking":true}`, "", "on"},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var last vllmtest.Request
			f := vllmtest.New(t, func(f *vllmtest.Fake) {
				f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
					if _, there := q.Members[tc.refused]; there && strings.HasSuffix(path, "/completions") {
						vllmtest.Refuse(w, 400, "Unknown parameter: '"+tc.refused+"'.")
						return true
					}
					mu.Lock()
					defer mu.Unlock()
					last = *q
					return false
				}
			})
			r := newRunner(t, f, func(c *vllm.Config) { c.Decoding, c.ThinkSwitch = tc.decoding, tc.with })
			probe(t, r, chat("x"))
			if _, err := r.Complete(t.Context(), []ner.Query{chat("x")}); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if got := string(last.Members["chat_template_kwargs"]); got != tc.kwargs {
				t.Errorf("chat_template_kwargs is %s, want %s", got, tc.kwargs)
			}
			if got := string(last.Members["reasoning_effort"]); got != tc.effort {
				t.Errorf("reasoning_effort is %s, want %s", got, tc.effort)
			}
			if got := r.ThinkSent(true); got != tc.key {
				t.Errorf("the key is %q, want %q", got, tc.key)
			}
			if tc.refused != "top_k" && last.Members["top_k"] == nil {
				t.Error("top_k is not sent: the server refused another member")
			}
		})
	}
	for _, bad := range []string{"two words", `[1]`, `{"a":`} {
		if _, err := vllm.New(vllm.Config{Model: "x", ThinkSwitch: bad}); err == nil {
			t.Errorf("%s: error is %v", bad, err)
		}
	}
}

// TestRefusedParameters: the limit of an answer gets its newer name, and a refused
// temperature is not sent.
func TestRefusedParameters(t *testing.T) {
	var mu sync.Mutex
	var last vllmtest.Request
	f := vllmtest.New(t, func(f *vllmtest.Fake) {
		f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
			for _, member := range []string{"max_tokens", "temperature"} {
				if q.Members[member] != nil && strings.HasSuffix(path, "/completions") {
					vllmtest.Refuse(w, 400, "Unsupported parameter: '"+member+"' is not supported with this model.")
					return true
				}
			}
			mu.Lock()
			defer mu.Unlock()
			last = *q
			return false
		}
	})
	r := newRunner(t, f, nil)
	probe(t, r, chat("x"))
	if _, err := r.Complete(t.Context(), []ner.Query{chat("x")}); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := string(last.Members["max_completion_tokens"]); got != "16" {
		t.Errorf("max_completion_tokens is %s", got)
	}
	if got := r.Unsent(); len(got) != 1 || got[0] != "temperature" {
		t.Errorf("unsent are %q", got)
	}
	if sent := r.Sent(); strings.Contains(sent, "temperature") || strings.Contains(sent, "completion_tokens") || !strings.Contains(sent, `"seed":1`) {
		t.Errorf("sent is %s", sent)
	}
}

// TestAnotherModelAnswers: a router is reported once for each model that it chooses.
func TestAnotherModelAnswers(t *testing.T) {
	var notes []string
	f := vllmtest.New(t)
	r := newRunner(t, f, func(c *vllm.Config) {
		c.AnyName, c.Prefix = true, "openai"
		c.Observe = func(s string) { notes = append(notes, s) }
	})
	models := []string{"tiny", "tiny", "cheap", "cheap", "dear"}
	f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
		if path != "/v1/completions" {
			return false
		}
		_, _ = w.Write([]byte(`{"model":"` + models[0] + `","choices":[{"index":0,"text":"[]","finish_reason":"stop"}]}`))
		models = models[1:]
		return true
	}
	for range 5 {
		if _, err := r.Complete(t.Context(), []ner.Query{query("x")}); err != nil {
			t.Fatal(err)
		}
	}
	if len(notes) != 2 || !strings.Contains(notes[0], `model "cheap" answers, not "tiny"`) || r.AnsweredBy() != "cheap, dear" {
		t.Errorf("notes %q, answered by %q", notes, r.AnsweredBy())
	}
}

// TestAnyName: a server of openai/NAME need not list the model, or any.
func TestAnyName(t *testing.T) {
	for name, tc := range map[string]struct {
		code int
		body string
	}{"another": {200, `{"data":[{"id":"other","owned_by":"x"}]}`}, "no list": {404, `{"detail":"Not Found"}`}} {
		t.Run(name, func(t *testing.T) {
			f := vllmtest.New(t, func(f *vllmtest.Fake) {
				f.Intercept = func(w http.ResponseWriter, path string, _ *vllmtest.Request) bool {
					if path == "/v1/models" {
						w.WriteHeader(tc.code)
						_, _ = w.Write([]byte(tc.body))
					}
					return path == "/v1/models"
				}
			})
			r := newRunner(t, f, func(c *vllm.Config) { c.AnyName, c.Prefix = true, "openai" })
			id, err := r.Identify(t.Context())
			if err != nil || id.Model != "openai/tiny" || id.Server != vllm.Other {
				t.Errorf("identity is %+v, %v", id, err)
			}
		})
	}
}
