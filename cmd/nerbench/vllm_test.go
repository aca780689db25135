package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/ner"
	"nerbench/runners/vllm/vllmtest"
)

// vllmWorkplace is a folder with a dataset of invented passages, and fake servers.
func vllmWorkplace(t *testing.T, passages int, sets ...func(*vllmtest.Fake)) (w *workplace, servers []*vllmtest.Fake) {
	w = newWorkplace(t, passages, 0)
	for _, set := range sets {
		servers = append(servers, vllmtest.New(t, func(f *vllmtest.Fake) { f.Answer = w.fake.Answer }, set))
	}
	return w, servers
}

func plain(*vllmtest.Fake) {}

// TestVLLM: several servers share the work, the same command asks nothing again,
// and the record of the run says how it was asked.
func TestVLLM(t *testing.T) {
	w, servers := vllmWorkplace(t, 60, plain, plain)
	asking := []string{"run", "-m", "vllm/tiny", "-d", "mini", "-q", "--json", "--base-url", servers[0].URL, "--base-url", servers[1].URL + "/v1"}
	report := w.report(asking...)
	if report.Complete != 60 || report.Asked != report.Queries || report.Scores["span_f1"].TP == 0 {
		t.Errorf("report is %+v", report)
	}
	if servers[0].Asked() == 0 || servers[1].Asked() == 0 { // how much is the measure of their speed
		t.Errorf("asked %d and %d", servers[0].Asked(), servers[1].Asked())
	}
	for name, want := range map[string]string{"identity": "by name", "lists": "yes", "special_tokens": "tokens added to a prompt: 1, tokens of </s>: 1", "probe_differ": "0"} {
		if report.Facts[name] != want {
			t.Errorf("%s is %q, want %q", name, report.Facts[name], want)
		}
	}
	if report.Facts["prompt_tokens"] == "" || report.Facts["prompt_tokens_computed"] == report.Facts["prompt_tokens"] {
		t.Errorf("facts are %v", report.Facts)
	}
	if again := w.report(asking...); again.Asked != 0 || again.Run != report.Run {
		t.Errorf("asked again: %+v", again)
	}
	// Another server is another identity: by its name alone no model is known.
	if other := w.report(asking[:len(asking)-2]...); other.Run == report.Run || other.Cached != 0 {
		t.Errorf("the answers of other servers are taken: %+v", other)
	}
}

// report runs the program and returns what it says of the first run.
func (w *workplace) report(args ...string) harness.Result {
	w.t.Helper()
	code, stdout, stderr := w.with(nil, args...)
	var summary harness.Summary
	if err := json.Unmarshal([]byte(stdout), &summary); code != 0 || err != nil || len(summary.Runs) == 0 {
		w.t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	return summary.Runs[0]
}

// TestVLLMKey: the key reaches the server and nothing else.
func TestVLLMKey(t *testing.T) {
	const key = "sk-of-this-test-only"
	w, servers := vllmWorkplace(t, 3, func(f *vllmtest.Fake) { f.Key = key })
	w.write("key", key+"\n")
	asking := []string{"run", "-m", "vllm/tiny", "-d", "mini", "--base-url", servers[0].URL}
	if code, _, stderr := w.with([]string{"OPENAI_API_KEY="}, asking...); code != 1 || !strings.Contains(stderr, "set OPENAI_API_KEY") {
		t.Errorf("without a key: exit code %d\n%s", code, stderr)
	}
	if code, _, stderr := w.with([]string{"OPENAI_API_KEY=sk-other"}, asking...); code != 1 || !strings.Contains(stderr, "another key") || strings.Contains(stderr, "sk-other") {
		t.Errorf("with another key: exit code %d\n%s", code, stderr)
	}
	code, stdout, stderr := w.with([]string{"OPENAI_API_KEY="}, append(asking, "--api-key-file", "key")...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	files, err := filepath.Glob(filepath.Join(w.dir, "results.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no store: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil || strings.Contains(string(text), key) {
			t.Errorf("%s holds the key, %v", name, err)
		}
	}
	if strings.Contains(stdout+stderr, key) {
		t.Error("the output holds the key")
	}
}

// TestVLLMBadInput: one line says what is wrong, one what to do.
func TestVLLMBadInput(t *testing.T) {
	w, servers := vllmWorkplace(t, 3, plain, func(f *vllmtest.Fake) { f.Root = "/models/other" })
	for name, tc := range map[string]struct {
		args       []string
		code       int
		want, hint string
	}{
		"no server":      {[]string{"-m", "vllm/tiny", "--base-url", "http://127.0.0.1:9"}, 1, "no server", "vllm serve MODEL"},
		"no model":       {[]string{"-m", "vllm/large", "--base-url", servers[0].URL}, 1, `no model "large"`, `the server has: "tiny"`},
		"no URL":         {[]string{"-m", "vllm/tiny", "--base-url", "ftp://x"}, 1, "must be http or https", ""},
		"two models":     {[]string{"-m", "vllm/tiny", "--base-url", servers[0].URL, "--base-url", servers[1].URL}, 1, "serves another model", ""},
		"no key file":    {[]string{"-m", "vllm/tiny", "--base-url", servers[0].URL, "--api-key-file", "nothing"}, 1, "api key", ""},
		"two of Ollama":  {[]string{"-m", "ollama/tiny", "--base-url", servers[0].URL, "--base-url", servers[1].URL}, 2, "one server only", ""},
		"not the server": {[]string{"-m", "vllm/tiny", "--base-url", w.fake.URL}, 1, "has no /v1/models", "OpenAI-compatible"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := w.with(nil, append([]string{"run", "-d", "mini"}, tc.args...)...)
			lines := strings.Split(strings.TrimSpace(stderr), "\n")
			if code != tc.code || !strings.Contains(lines[0], tc.want) || tc.hint != "" && !strings.Contains(stderr, "hint: ") || !strings.Contains(stderr, tc.hint) || len(lines) > 2 {
				t.Errorf("exit code %d\n%s", code, stderr)
			}
		})
	}
}

// TestVLLMContext: what does not fit is too long, and said to be.
func TestVLLMContext(t *testing.T) {
	w, servers := vllmWorkplace(t, 4, func(f *vllmtest.Fake) { f.ContextLength = 300 }) // the answer alone may be 256 tokens
	report := w.report("run", "-m", "vllm/tiny", "-d", "mini", "-q", "--json", "--base-url", servers[0].URL)
	if report.TooLong != report.Queries || report.Outcomes[ner.TooLong] != report.Queries || servers[0].Asked() > 4 {
		t.Errorf("asked %d: %+v", servers[0].Asked(), report)
	}
}

func TestDoctorSeesVLLM(t *testing.T) {
	w, servers := vllmWorkplace(t, 1, plain)
	_, stdout, _ := w.with([]string{"OPENAI_BASE_URL=" + servers[0].URL}, "doctor")
	if !strings.Contains(stdout, "vllm     ok      vllm 0.32.0 at "+servers[0].URL+", 1 model: tiny") {
		t.Errorf("doctor says\n%s", stdout)
	}
	_, stdout, _ = w.with([]string{"OPENAI_BASE_URL=http://127.0.0.1:9"}, "doctor")
	if !strings.Contains(stdout, "vllm     absent") {
		t.Errorf("doctor says\n%s", stdout)
	}
}
