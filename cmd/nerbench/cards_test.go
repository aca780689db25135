package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"nerbench/harness"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/vllm/vllmtest"
)

// TestCardSaysHow: what a card says reaches the server, and the keys of the run.
func TestCardSaysHow(t *testing.T) {
	var mu sync.Mutex
	var seen []ollamatest.Request
	w := newWorkplace(t, 2, 0, func(f *ollamatest.Fake) {
		f.ContextLength = 8192
		f.Intercept = func(_ http.ResponseWriter, r *ollamatest.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, *r)
			return false
		}
	})
	questions := func() []ollamatest.Request { // since the last call
		mu.Lock()
		defer mu.Unlock()
		asked := seen
		seen = nil
		return asked
	}
	w.write("cards/house.toml", `title = "House"
model = "ollama/tiny"
family = "uniner"
variant = "repo"
shape = "chat"
think = true
stop = ["</s>", "<|end|>"]
special = ["<|end|>"]
context = 2048
training = ["mini"]
`)
	report := w.report("run", "-m", "house", "--models", "cards", "-d", "mini", "-q", "--json")
	asked := questions()
	for _, r := range asked {
		stop, _ := json.Marshal(r.Options["stop"])
		if r.Path != "/api/chat" || string(stop) != `["\u003c/s\u003e","\u003c|end|\u003e"]` || r.Options["num_predict"] != 4096.0 || r.Options["num_ctx"] != 2048.0 {
			t.Fatalf("asked %s with %v", r.Path, r.Options)
		}
	}
	// No prompt with an answer of 4,096 tokens fits into what the model was made for.
	if len(asked) == 0 || report.TooLong != report.Queries {
		t.Errorf("%d questions, %d of %d too long", len(asked), report.TooLong, report.Queries)
	}
	_, shown, _ := w.with(nil, "runs", "show", report.Run)
	for _, want := range []string{`stop +"\[\\"<\|end\|>\\"\]"`, "think +on", "as +chat", "context +2048", "seen +yes", "card +house"} {
		if !regexp.MustCompile(want).MatchString(shown) {
			t.Errorf("runs show lacks %s:\n%s", want, shown)
		}
	}
	// The shape follows the variant that is asked.
	w.write("cards/chat.toml", "title = \"Chat\"\nmodel = \"ollama/tiny\"\nfamily = \"json_per_type\"\nvariant = \"plain\"\nshape = \"chat\"\n")
	w.report("run", "-m", "chat", "--models", "cards", "-d", "mini", "-q", "--json", "--variant", "slimer")
	if asked = questions(); len(asked) == 0 || asked[0].Path != "/api/chat" {
		t.Errorf("a completion variant of a chat model is asked by %+v", asked)
	}
	// What the user says comes first.
	other := w.report("run", "-m", "house", "--models", "cards", "-d", "mini", "-q", "--json", "--context", "4096", "--set", "think=off", "--set", `stop=["."]`, "--family", "json_per_type")
	if r := questions()[0]; r.Options["num_predict"] != 256.0 || r.Options["num_ctx"] != 4096.0 || other.TooLong != 0 || other.Run == report.Run {
		t.Errorf("asked with %v", r.Options)
	}
}

// TestCardsOfOnesOwn: what a card names must be there.
func TestCardsOfOnesOwn(t *testing.T) {
	good := map[string]string{"title": `"x"`, "family": `"uniner"`, "variant": `"repo"`, "shape": `"completion"`}
	for name, tc := range map[string]struct {
		change map[string]string
		want   string
	}{
		"family":             {map[string]string{"family": `"unner"`}, `family "unner": unknown; did you mean "uniner"?`},
		"variant":            {map[string]string{"variant": `"repro"`}, `variant "repro": unknown; did you mean "repo"?`},
		"a chat":             {map[string]string{"family": `"json_by_type"`, "variant": `"plain"`}, "is a chat and cannot be sent as a completion"},
		"row":                {map[string]string{"training": `["mit-movie", "mit-moovie"]`}, `training: mit-moovie: `},
		"dataset of samples": {map[string]string{"training": `["sample-lore"]`}, "training: sample-lore: "},
		"model":              {map[string]string{"model": `"llama/x"`}, `model "llama/x": unknown`},
		"stop":               {map[string]string{"stop": `[""]`}, "want texts that are not empty"},
		"one mark":           {map[string]string{"thinking_marks": `["<plan>"]`}, "thinking_marks: want two texts"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &workplace{t: t, dir: t.TempDir()}
			lines := maps.Clone(good)
			maps.Copy(lines, tc.change)
			var card strings.Builder
			for key, value := range lines {
				card.WriteString(key + " = " + value + "\n")
			}
			w.write("cards/own.toml", card.String())
			code, _, stderr := w.with([]string{"NERBENCH_DATASETS="}, "models", "list", "--models", "cards")
			if code != 1 || !strings.Contains(stderr, tc.want) || !strings.Contains(stderr, "own") {
				t.Errorf("exit code %d\n%s", code, stderr)
			}
		})
	}
	w := &workplace{t: t, dir: t.TempDir()}
	w.write("cards/own.toml", "title = \"x\"\nmodel = \"onnx/classifier\"\nfamily = \"spans\"\nshape = \"completion\"\n")
	_, stdout, _ := w.with([]string{"NERBENCH_DATASETS="}, "models", "show", "own", "--models", "cards")
	if want := "served as: onnx/" + filepath.Join("cards", "classifier"); !strings.Contains(stdout, want) {
		t.Errorf("want %s:\n%s", want, stdout)
	}
}

// check runs models check and returns its verdict.
func (w *workplace) check(wantCode int, args ...string) harness.Checked {
	w.t.Helper()
	code, stdout, stderr := w.with(nil, append([]string{"models", "check", "--json", "-d", "mini"}, args...)...)
	var v harness.Checked
	if err := json.Unmarshal([]byte(stdout), &v); code != wantCode || err != nil || v.OK != (code == 0) {
		w.t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	return v
}

// TestModelsCheck: the verdict is about what a run will need.
func TestModelsCheck(t *testing.T) {
	said := func(t *testing.T, list []string, want string) {
		t.Helper()
		if !slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("nothing says %q: %q", want, list)
		}
	}
	t.Run("ollama, partly on the processor", func(t *testing.T) {
		w := newWorkplace(t, 3, 0, func(f *ollamatest.Fake) { f.Size, f.VRAM = 100, 45 })
		v := w.check(0, "ollama/tiny")
		if v.Queries != 4 || v.Special != "unchecked" || v.Device != "45 % GPU, the rest CPU" || v.Digest == "" || len(v.Problems) > 0 {
			t.Errorf("verdict is %+v", v)
		}
		said(t, v.Remarks, "partly on the CPU")
	})
	t.Run("no chat template", func(t *testing.T) {
		w := newWorkplace(t, 3, 0, func(f *ollamatest.Fake) { f.Template = "{{ .Prompt }}" })
		said(t, w.check(0, "ollama/tiny", "--family", "json_per_type").Remarks, "no chat template")
	})
	t.Run("another family", func(t *testing.T) {
		w := newWorkplace(t, 3, 0)
		w.fake.Change(func(string) string { return "I cannot help with that." })
		said(t, w.check(1, "ollama/tiny").Problems, "no answer can be parsed")
	})
	t.Run("a short context", func(t *testing.T) {
		w := newWorkplace(t, 3, 0)
		w.write("data/mini/test.tsv", strings.Repeat("Word\tO\n", 20)+"\nPerson1\tB-PER\nleft\tO\n.\tO\n\n"+strings.Repeat("Word\tO\n", 900)+"\n")
		v := w.check(1, "ollama/tiny", "--set", "context=1024")
		said(t, v.Problems, "does not fit with its answer into the context of 1024 tokens")
		if v.Queries != 4 || len(v.Problems) != 1 {
			t.Errorf("verdict is %+v", v)
		}
	})
	t.Run("special tokens and training", func(t *testing.T) {
		w, servers := vllmWorkplace(t, 3, func(f *vllmtest.Fake) {})
		w.write("cards/house.toml", "title = \"House\"\nfamily = \"uniner\"\nvariant = \"repo\"\nshape = \"completion\"\nspecial = [\"</s>\", \"<|a long one|>\"]\ntraining = [\"mini\"]\n")
		v := w.check(1, "vllm/tiny", "--base-url", servers[0].URL, "--models", "cards", "--card", "house")
		said(t, v.Problems, "<|a long one|> should be one token, by card house")
		said(t, v.Remarks, "trained on the train split of mini")
		if v.Special != "tokens added to a prompt: 1, tokens of </s>: 1, tokens of <|a long one|>: 4" || len(v.Problems) != 1 {
			t.Errorf("verdict is %+v", v)
		}
	})
}
