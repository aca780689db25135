package llamacpp_test

import (
	"testing"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
)

// TestVocabulary: the vocabulary alone counts the tokens that the model reads.
func TestVocabulary(t *testing.T) {
	file := tiny(t)
	r := open(t, llamacpp.Config{File: file, LongestAnswer: 1, Decoding: runners.Decoding{Context: 512}})
	v, err := llamacpp.OpenVocabulary(library(t), file)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for _, text := range []string{"Mira left Port Varna .", "one\n\ntwo", " ", "x</s>y", "ü🚀"} {
		got, err := r.Complete(t.Context(), []ner.Query{query(text, 1)})
		if err != nil {
			t.Fatal(err)
		}
		n, err := v.Count(&ner.Prompt{Text: text})
		if err != nil || n != got[0].PromptTokens || n < 1 {
			t.Errorf("%q: the vocabulary counts %d tokens, %v, the model %d", text, n, err, got[0].PromptTokens)
		}
	}
	if _, err := v.Count(&ner.Prompt{Messages: []ner.Message{{Role: "user", Content: "x"}}}); err == nil {
		t.Error("a chat is counted")
	}
	if _, err := llamacpp.OpenVocabulary(library(t), file+".missing"); err == nil {
		t.Error("a missing file is opened")
	}
}
