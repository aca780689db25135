package ner_test

import (
	"testing"

	"nerbench/ner"
)

func TestAnswerer(t *testing.T) {
	for server, want := range map[string]string{
		"ollama": "the server", "vllm": "the server", "": "the server", "exec": "the program", "in-process": "the model", "llama.cpp": "the model",
	} {
		if got := (ner.Identity{Server: server}).Answerer(); got != want {
			t.Errorf("%q: %s, want %s", server, got, want)
		}
	}
}
