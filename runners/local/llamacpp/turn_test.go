package llamacpp_test

import (
	"os"
	"testing"

	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
	"nerbench/runners/runnertest"
)

// TestTurn: a loaded model begins anew with another context, and is opened again if
// anything has changed that its weights depend on.
func TestTurn(t *testing.T) {
	file := tiny(t)
	of := func(context, sequences int) llamacpp.Config {
		return llamacpp.Config{File: file, Library: library(t), Sequences: sequences, Threads: 1, Decoding: runners.Decoding{Context: context, Seed: 1}}
	}
	r := open(t, of(512, 2))
	long := query("Text: Mira", 600)
	ask := func(q ner.Query) ner.Completion {
		t.Helper()
		got, err := r.Complete(t.Context(), []ner.Query{q})
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	first := ask(query("Text: Mira", 8))
	if got := ask(long); got.Finish != ner.FinishTooLong {
		t.Errorf("before: %+v", got)
	}
	if !runnertest.Turns(t, r, of(1024, 4)) {
		t.Fatal("the model must be opened again")
	}
	if u := r.Usage(); u != (llamacpp.Usage{}) {
		t.Errorf("what was computed before counts: %+v", u)
	}
	if got := ask(long); got.AnswerTokens != 600 || got.Text[:len(first.Text)] != first.Text || r.Sequences() != 4 {
		t.Errorf("after: %+v, %d sequences", got, r.Sequences())
	}
	if u := r.Usage(); u.Computed != u.Prompts || u.Prompts == 0 {
		t.Errorf("prompts of before were not computed: %+v", u)
	}
	for name, change := range map[string]func(*llamacpp.Config){
		"file":       func(c *llamacpp.Config) { c.File = tiny(t) },
		"library":    func(c *llamacpp.Config) { c.Library = "other" },
		"GPU layers": func(c *llamacpp.Config) { c.GPULayers = 1 },
		"split":      func(c *llamacpp.Config) { c.Split = "row" },
	} {
		c := of(512, 2)
		change(&c)
		if runnertest.Turns(t, r, c) {
			t.Errorf("%s: the model is the same", name)
		}
	}
	for _, context := range []int{0, 1 << 20} {
		if turned, err := r.Turn(t.Context(), of(context, 2)); turned || err == nil {
			t.Errorf("a context of %d tokens: %v, %v", context, turned, err)
		}
	}
	if got := ask(query("Text: Mira", 8)); got.Text != first.Text { // none of these has changed anything
		t.Errorf("%+v, want %+v", got, first)
	}
	if runnertest.Turns(t, r, of(512, 1000)) { // more than the library has
		t.Error("a model without a context is used")
	}
	if _, err := r.Complete(t.Context(), []ner.Query{long}); err == nil {
		t.Error("a model without a context answers")
	}
	r.Close()
	if runnertest.Turns(t, r, of(512, 2)) {
		t.Error("a closed model is used")
	}
}

// TestTurnAgain: a model is not used for another dataset after a failure, or if its file
// was replaced.
func TestTurnAgain(t *testing.T) {
	file := tiny(t)
	c := llamacpp.Config{File: file, Library: library(t), Threads: 1, Decoding: runners.Decoding{Context: 512, Seed: 1}}
	r := open(t, c)
	chat := ner.Query{Prompt: ner.Prompt{MaxTokens: 4, Messages: []ner.Message{{Role: "user", Content: "x"}}}}
	if _, err := r.Complete(t.Context(), []ner.Query{chat}); err == nil || r.Sound() || runnertest.Turns(t, r, c) {
		t.Errorf("%v: the model is used further", err)
	}
	r = open(t, c)
	if !runnertest.Turns(t, r, c) {
		t.Error("the model must be opened again")
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".new", whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	if runnertest.Turns(t, r, c) {
		t.Error("a model whose file was replaced is the same")
	}
}

// TestTurnChat: the chat template is used further.
func TestTurnChat(t *testing.T) {
	c := llamacpp.Config{File: reference.Path(t, "models", "tiny-uniner-frequency", "model-f16.gguf"), Library: library(t), Threads: 1, Decoding: runners.Decoding{Context: 512, Seed: 1}}
	r := open(t, c)
	chat := ner.Query{Prompt: ner.Prompt{MaxTokens: 32, Messages: []ner.Message{
		{Role: "user", Content: "Text: find me a cheap italian restaurant near here"}, {Role: "assistant", Content: "I've read this text."}, {Role: "user", Content: "What describes Cuisine in the text?"},
	}}}
	for range 3 {
		got, err := r.Complete(t.Context(), []ner.Query{chat})
		if err != nil || got[0].Text != ` ["italian"]` {
			t.Errorf("%+v, %v", got, err)
		}
		if !runnertest.Turns(t, r, c) {
			t.Fatal("the model must be opened again")
		}
	}
}
