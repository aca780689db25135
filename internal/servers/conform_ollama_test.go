//go:build unix

package servers

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/fault"
	"nerbench/internal/tinymodel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/runnertest"
)

func query(text string) ner.Query {
	return ner.Query{Prompt: ner.Prompt{Text: text, Stop: []string{"</s>"}, MaxTokens: 16}}
}

// conformOllama runs the suite of all runners against a real server with a model of
// random weights, and then tests what only a real server can show.
func conformOllama(t *testing.T, server *ollamatest.Server) {
	server.Create(t, "tiny", tinyFile(t))
	open := func(t *testing.T, model string) *ollama.Runner {
		r, err := ollama.New(ollama.Config{Host: server.Host, Model: model, Decoding: runners.Decoding{Seed: 1, Context: 1024}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		return r
	}
	runnertest.Run(t, runnertest.Suite{
		New:     func(t *testing.T) runners.Runner { return open(t, "tiny") },
		Query:   func(text string) ner.Query { return query("Text: " + text) },
		TooLong: strings.Repeat("q 7 x 3 z 9 ", 400),
		Tokens:  true,
	})
	t.Run("identity", func(t *testing.T) {
		id, err := open(t, "tiny").Identify(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(id.Digest) != 64 || id.Context != tinymodel.Context || id.Model != "ollama/tiny" {
			t.Errorf("identity is %+v", id)
		}
	})
	t.Run("chat and schema", func(t *testing.T) {
		chat := ner.Query{Prompt: ner.Prompt{
			Messages: []ner.Message{{Role: "user", Content: "hello"}}, MaxTokens: 8,
			Schema: json.RawMessage(`{"type":"array","items":{"type":"string"}}`),
		}}
		got, err := open(t, "tiny").Complete(t.Context(), []ner.Query{chat})
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.TrimSpace(got[0].Text); text != "" && text[0] != '[' {
			t.Errorf("the schema does not hold: %q", text)
		}
	})
	t.Run("no such model", func(t *testing.T) {
		_, err := open(t, "other").Complete(t.Context(), []ner.Query{query("x")})
		var hint *fault.Hint
		if !errors.Is(err, runners.ErrFatal) || !errors.As(err, &hint) || hint.Advice != "ollama pull other" {
			t.Errorf("error is %v", err)
		}
	})
}

// tinyFile is a GGUF file of random weights.
func tinyFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "tiny.gguf")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tinymodel.Write(f, 1), f.Close()); err != nil {
		t.Fatal(err)
	}
	return name
}
