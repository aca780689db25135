package check

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"nerbench/distill"
)

// written is what the chat template of the export writes, with a BOS, for servers that are
// imitated here. Real ones were compared by hand (docs/distill.md).
func written(messages []distill.Message) string {
	var b strings.Builder
	b.WriteString("<s>")
	for _, m := range messages {
		switch m.Role {
		case "system":
			b.WriteString(m.Content + " ")
		case "user":
			b.WriteString("USER: " + m.Content + " ASSISTANT:")
		default:
			b.WriteString(" " + m.Content + "</s>")
		}
	}
	return b.String()
}

// byteTokens splits a text into bytes, two special tokens, and the blank with its bracket.
func byteTokens(text string) (tokens []int) {
	for special := []string{"<s>", "</s>", " ["}; text != ""; {
		i := slices.IndexFunc(special, func(s string) bool { return strings.HasPrefix(text, s) })
		if i < 0 {
			tokens, text = append(tokens, 1000+int(text[0])), text[1:]
			continue
		}
		tokens, text = append(tokens, i), text[len(special[i]):]
	}
	return tokens
}

func byteText(tokens []int) string {
	var b strings.Builder
	for _, t := range tokens {
		if t >= 1000 {
			b.WriteByte(byte(t - 1000))
		} else {
			b.WriteString([]string{"<s>", "</s>", " ["}[t])
		}
	}
	return b.String()
}

// request is a request of both servers.
type request struct {
	Prompt     string
	AddSpecial *bool `json:"add_special_tokens"`
	Tokens     []int
	Messages   []distill.Message
	RenderOnly bool `json:"_debug_render_only"`
}

// serve answers requests by their path.
func serve(t *testing.T, answer func(path string, q request) any) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q request
		if r.Method == http.MethodPost {
			if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
				t.Errorf("%s: %v", r.URL.Path, err)
			}
		}
		a := answer(r.URL.Path, q)
		if a == nil {
			http.Error(w, `{"error": {"message": "no chat template", "type": "BadRequestError", "code": 400}}`, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(a); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func checkServer(t *testing.T, name, url string) *Result {
	t.Helper()
	s, err := Open(t.Context(), name, Where{Servers: []string{url}, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := Run(t.Context(), invented(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVLLM(t *testing.T) {
	for _, tc := range []struct {
		name     string
		template bool
		bos      bool              // added to prompts
		states   map[string]string // of points that are not OK
	}{
		{"good", true, true, map[string]string{"trained": Unknown}},
		{"no BOS", true, false, map[string]string{"trained": Unknown, "text": Failed, "tokens": Failed}},
		{"no template", false, true, map[string]string{"trained": Unknown, "text": Unknown, "tokens": Unknown, "bos": Unknown}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			url := serve(t, func(path string, q request) any {
				switch path {
				case "/v1/models":
					return map[string]any{"data": []any{map[string]any{"id": "tiny", "owned_by": "vllm", "root": "tiny", "max_model_len": 2048}}}
				case "/version":
					return map[string]any{"version": "0.32.0"}
				case "/detokenize":
					return map[string]any{"prompt": byteText(q.Tokens)}
				case "/tokenize":
					text := q.Prompt
					switch {
					case q.Messages != nil && !tc.template:
						return nil
					case q.Messages != nil:
						text = written(q.Messages)
					case tc.bos && (q.AddSpecial == nil || *q.AddSpecial):
						text = "<s>" + text
					}
					return map[string]any{"tokens": byteTokens(text), "count": len(byteTokens(text))}
				}
				t.Errorf("unexpected request %s", path)
				return nil
			})
			r := checkServer(t, "vllm/tiny", url)
			for _, p := range r.Points {
				want := tc.states[p.Name]
				if want == "" {
					want = OK
				}
				if p.State != want {
					t.Errorf("%s is %s, want %s: %s %+v", p.Name, p.State, want, p.Note, p.Difference)
				}
			}
		})
	}
}

func TestOllama(t *testing.T) {
	for _, tc := range []struct {
		name, template string
		adds           any
		states         map[string]string // of points that are not unknown
	}{
		{"good", "{{ .System }}…", true, map[string]string{"text": OK, "bos": OK, "pre-tokenizer": OK}},
		{"BOS lost", "{{ .System }}…", false, map[string]string{"text": OK, "bos": Failed, "pre-tokenizer": OK}},
		{"no template", "{{ .Prompt }}", true, map[string]string{"bos": OK, "pre-tokenizer": OK}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			url := serve(t, func(path string, q request) any {
				switch path {
				case "/api/version":
					return map[string]any{"version": "0.24.0"}
				case "/api/tags":
					return map[string]any{"models": []any{map[string]any{"name": "tiny:latest", "digest": "ab"}}}
				case "/api/show":
					return map[string]any{"template": tc.template, "model_info": map[string]any{
						"general.architecture": "llama", "llama.context_length": 2048, "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2",
						"tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.add_bos_token": tc.adds,
					}}
				case "/api/chat":
					if !q.RenderOnly {
						t.Error("the model is asked")
					}
					return map[string]any{"_debug_info": map[string]any{"rendered_template": strings.TrimPrefix(written(q.Messages), "<s>")}}
				}
				t.Errorf("unexpected request %s", path)
				return nil
			})
			r := checkServer(t, "ollama/tiny", url)
			for _, p := range r.Points {
				want := tc.states[p.Name]
				if want == "" {
					want = Unknown
				}
				if p.State != want {
					t.Errorf("%s is %s, want %s: %s %+v", p.Name, p.State, want, p.Note, p.Difference)
				}
			}
		})
	}
	if _, err := Open(t.Context(), "ollama/tiny", Where{Servers: []string{"a", "b"}, Getenv: os.Getenv}); err == nil {
		t.Error("two servers: no error")
	}
}
