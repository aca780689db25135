package ollama_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nerbench/internal/fault"
	"nerbench/internal/tinymodel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/runnertest"
)

func TestConformanceOfTheFake(t *testing.T) {
	answer := func(prompt string) string { return `["` + prompt + `"]` }
	runnertest.Run(t, runnertest.Suite{
		New: func(t *testing.T) runners.Runner {
			return newRunner(t, ollamatest.New(t, func(f *ollamatest.Fake) { f.Answer = answer }), nil)
		},
		Slow: func(t *testing.T) runners.Runner {
			return newRunner(t, ollamatest.New(t, func(f *ollamatest.Fake) { f.Delay = time.Minute }), nil)
		},
		Query:   query,
		Answer:  answer,
		TooLong: strings.Repeat("too long ", 1000),
	})
}

// tinyServer starts a real server with a model of random weights.
func tinyServer(t *testing.T) *ollamatest.Server {
	t.Helper()
	server := ollamatest.Start(t)
	gguf := filepath.Join(t.TempDir(), "tiny.gguf")
	f, err := os.Create(gguf)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tinymodel.Write(f, 1), f.Close()); err != nil {
		t.Fatal(err)
	}
	server.Create(t, "tiny", gguf)
	return server
}

func TestConformanceOfTheRealServer(t *testing.T) {
	server := tinyServer(t)
	open := func(t *testing.T, context int) *ollama.Runner {
		r, err := ollama.New(ollama.Config{Host: server.Host, Model: "tiny", Decoding: runners.Decoding{Seed: 1, Context: context}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		return r
	}
	runnertest.Run(t, runnertest.Suite{
		New:     func(t *testing.T) runners.Runner { return open(t, 1024) },
		Query:   func(text string) ner.Query { return query("Text: " + text) },
		TooLong: strings.Repeat("q 7 x 3 z 9 ", 400),
		Tokens:  true,
	})
	t.Run("identity", func(t *testing.T) {
		id, err := open(t, 1024).Identify(t.Context())
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
		got, err := open(t, 1024).Complete(t.Context(), []ner.Query{chat})
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.TrimSpace(got[0].Text); text != "" && text[0] != '[' {
			t.Errorf("the answer does not match the schema: %q", text)
		}
	})
	t.Run("no such model", func(t *testing.T) {
		r, err := ollama.New(ollama.Config{Host: server.Host, Model: "other", Decoding: runners.Decoding{Context: 1024}})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		_, err = r.Complete(t.Context(), []ner.Query{query("x")})
		var hint *fault.Hint
		if !errors.Is(err, runners.ErrFatal) || !errors.As(err, &hint) || hint.Advice != "ollama pull other" {
			t.Errorf("error is %v", err)
		}
	})
}
