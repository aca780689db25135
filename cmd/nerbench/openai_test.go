package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/vllm/vllmtest"
)

// openAIServer imitates a router with a model that thinks: it refuses max_tokens and
// temperature, filters one passage, and answers with a dated model and a list of parts.
func openAIServer(f *vllmtest.Fake) {
	f.Model, f.Owner, f.ContextLength, f.Bare = "gpt-x", "system", 0, true
	f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
		if path != "/v1/chat/completions" {
			return false
		}
		for _, member := range []string{"top_k", "min_p", "repetition_penalty", "include_stop_str_in_output", "chat_template_kwargs"} {
			if q.Members[member] != nil {
				vllmtest.Refuse(w, 400, "Unrecognized request argument supplied: "+member)
				return true
			}
		}
		for _, member := range []string{"max_tokens", "temperature"} {
			if q.Members[member] != nil {
				vllmtest.Refuse(w, 400, fmt.Sprintf("Unsupported parameter: '%s' is not supported with this model.", member))
				return true
			}
		}
		prompt := q.Messages[0].Content
		switch {
		case strings.Contains(prompt, "Person2 "):
			vllmtest.Refuse(w, 400, "The response was filtered due to the prompt triggering the content management policy.")
		case strings.Contains(prompt, "Person3 "):
			_, _ = w.Write([]byte(`{"model":"gpt-x-2026","choices":[{"index":0,"message":{"content":"","reasoning_content":"hm"},"finish_reason":"length"}],"usage":{"prompt_tokens":30,"completion_tokens":9}}`))
		default:
			_, _ = w.Write([]byte(`{"model":"gpt-x-2026","choices":[{"index":0,"message":{"content":[{"type":"text","text":"[]"}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":30,"completion_tokens":9}}`))
		}
		return true
	}
}

// TestOpenAI: a model of any server with OpenAI's API, with the refusals of a strict
// server, a filtered passage, and blank answers beside thinking.
func TestOpenAI(t *testing.T) {
	w, servers := vllmWorkplace(t, 6, openAIServer)
	asking := []string{"run", "-m", "openai/gpt-x", "-d", "mini", "--set", "as=chat", "--base-url", servers[0].URL, "--max-connections", "1"}
	code, stdout, stderr := w.with(nil, asking...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, want := range []string{
		"document mini/test/2: the server refused it: 400 Bad Request: The response was filtered", "refuses chat_template_kwargs, include_stop_str_in_output, max_tokens, min_p, repetition_penalty, temperature, top_k",
		`model "gpt-x-2026" answers, not "gpt-x"`,
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("the notes lack %q\n%s", want, stderr)
		}
	}
	if want := "blank answers have text in the thinking field (ask with --set think=on"; !strings.Contains(stdout, want) {
		t.Errorf("the output lacks %q\n%s", want, stdout)
	}
	report := w.report(append(asking, "--json", "-q")...)
	if report.Asked != 0 || report.Complete != 6 || report.Outcomes[ner.Refused] != report.Queries/6 || report.Facts["answered_by"] != "gpt-x-2026" {
		t.Errorf("report is %+v", report)
	}
	_, stdout, _ = w.with(nil, "runs", "show", report.Run)
	for _, absent := range []string{"\ntemperature ", "\nthink "} {
		if strings.Contains(stdout, absent) {
			t.Errorf("the run has the key %q, but the server did not get it\n%s", absent, stdout)
		}
	}
	if !strings.Contains(stdout, "\nsampling_seed ") || !strings.Contains(stdout, "note: ") {
		t.Errorf("the run is shown as\n%s", stdout)
	}
}

// TestThinkingIsNotSent: if the server cannot be told to think, the run has no key think,
// and the limit of an answer distinguishes it from a run without thinking.
func TestThinkingIsNotSent(t *testing.T) {
	w, servers := vllmWorkplace(t, 6, openAIServer)
	asking := []string{"run", "-m", "openai/gpt-x", "-d", "mini", "--set", "as=chat", "--base-url", servers[0].URL, "--json", "-q"}
	off, on := w.report(asking...), w.report(append(asking, "--set", "think=on")...)
	if off.Run == on.Run || on.Asked == 0 {
		t.Errorf("runs %s and %s, asked %d", off.Run, on.Run, on.Asked)
	}
	_, stdout, _ := w.with(nil, "runs", "show", on.Run)
	if strings.Contains(stdout, "\nthink ") || !strings.Contains(stdout, "\nmax_tokens ") {
		t.Errorf("the run is shown as\n%s", stdout)
	}
}

// TestOpenAIBadInput: the server must be named, and thinking needs a chat.
func TestOpenAIBadInput(t *testing.T) {
	w, servers := vllmWorkplace(t, 2, plain)
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no server":      {[]string{"-m", "openai/tiny"}, "no server: want --base-url URL or OPENAI_BASE_URL"},
		"completion":     {[]string{"-m", "vllm/tiny", "--base-url", servers[0].URL, "--set", "think=on"}, "no effect on completion prompts"},
		"switch":         {[]string{"-m", "ollama/tiny", "--set", "think_switch=thinking"}, "think_switch is for vllm/ and openai/ only"},
		"switch, no use": {[]string{"-m", "vllm/tiny", "--base-url", servers[0].URL, "--set", "think_switch=thinking"}, "no effect on completion prompts"},
		"bad switch":     {[]string{"-m", "vllm/tiny", "--base-url", servers[0].URL, "--set", "as=chat", "--set", "think_switch=two words"}, "want the name of a variable"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := w.with([]string{"OPENAI_BASE_URL="}, append([]string{"run", "-d", "mini"}, tc.args...)...)
			if code != 2 || !strings.Contains(stderr, tc.want) {
				t.Errorf("exit code %d\n%s", code, stderr)
			}
		})
	}
}

// TestSchemaIsIgnored: a server that ignores schemas is an error, unless it is allowed.
func TestSchemaIsIgnored(t *testing.T) {
	w, servers := vllmWorkplace(t, 2, func(f *vllmtest.Fake) { f.Schema = "" })
	old := newWorkplace(t, 2, 0, func(f *ollamatest.Fake) { f.IgnoresFormat = true })
	for name, tc := range map[string]struct {
		w     *workplace
		model []string
		check string
	}{
		"vllm":   {w, []string{"vllm/tiny", "--base-url", servers[0].URL}, "none"},
		"ollama": {old, []string{"ollama/tiny"}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			asking := append([]string{"run", "-d", "mini", "--set", "constrained=schema", "-m"}, tc.model...)
			if code, _, stderr := tc.w.with(nil, asking...); code != 1 || !strings.Contains(stderr, "does not constrain answers to a schema: schemas are ignored") {
				t.Errorf("exit code %d\n%s", code, stderr)
			}
			code, _, stderr := tc.w.with(nil, append(asking, "--allow-unconstrained")...)
			if code != 0 || !strings.Contains(stderr, "answers are not constrained") {
				t.Errorf("exit code %d\n%s", code, stderr)
			}
			if report := tc.w.report(append(asking, "--allow-unconstrained", "--json", "-q")...); report.Facts["constrained_by"] != tc.check {
				t.Errorf("facts are %v", report.Facts)
			}
		})
	}
}

// TestOllamaHost: a password in OLLAMA_HOST is never printed, and the suffix of OpenAI's
// API is understood.
func TestOllamaHost(t *testing.T) {
	w := newWorkplace(t, 2, 0)
	host := strings.Replace(w.fake.URL, "http://", "http://me:s3cret@", 1) + "/v1"
	for _, args := range [][]string{
		{"run", "-m", "ollama/tiny", "-d", "mini", "--keep-alive", "-1"}, {"run", "-m", "ollama/tiny", "-d", "mini", "--keep-alive", "0"},
		{"doctor"}, {"config", "show"}, {"run", "-m", "ollama/other", "-d", "mini"},
	} {
		code, stdout, stderr := w.with([]string{"OLLAMA_HOST=" + host}, args...)
		if strings.Contains(stdout+stderr, "s3cret") {
			t.Errorf("%q prints the password\n%s%s", args, stdout, stderr)
		}
		if args[len(args)-1] == "mini" && code == 0 || args[0] == "run" && args[len(args)-1] != "mini" && code != 0 {
			t.Errorf("%q: exit code %d\n%s", args, code, stderr)
		}
	}
	code, stdout, stderr := w.with([]string{"OLLAMA_HOST=http://me:s3cret@127.0.0.1:9"}, "run", "-m", "ollama/tiny", "-d", "mini")
	if code != 1 || !strings.Contains(stderr, "no server at http://127.0.0.1:9") || strings.Contains(stdout+stderr, "s3cret") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

// TestKnownBefore: the answers that a complete run has are those known before.
func TestKnownBefore(t *testing.T) {
	w := newWorkplace(t, 3, 0)
	asking := []string{"run", "-m", "ollama/tiny", "-d", "mini", "--json", "-q"}
	first := w.report(asking...)
	if first.Asked != first.Queries || first.Cached != 0 {
		t.Errorf("first: %+v", first)
	}
	if again := w.report(asking...); again.Asked != 0 || again.Cached != first.Queries {
		t.Errorf("again: asked %d, known before %d of %d", again.Asked, again.Cached, first.Queries)
	}
}
