package results

import (
	"encoding/hex"
	"testing"

	"nerbench/ner"
)

func TestAddress(t *testing.T) {
	for name, tc := range map[string]struct {
		id                 ner.Identity
		decoding           ner.Decoding
		answerBy           string
		wantID, wantDecode string
	}{
		"ollama": {
			ner.Identity{Model: "ollama/llama3.2:1b", Digest: "sha256:baf6a787fdff", Server: "ollama", ServerVersion: "0.24.0", Context: 131072, Quantisation: "Q8_0", Address: "http://h:1"},
			ner.Decoding{Seed: 1, Context: 4096}, "",
			"sha256:baf6a787fdff", "temperature=0 seed=1 think=false context=4096",
		},
		"without a digest": {
			ner.Identity{Model: "vllm/y", Server: "vllm", ServerVersion: "0.32.0", Context: 2048, Address: "http://a:8000 http://b:8000", Root: "org/y"},
			ner.Decoding{Temperature: 0.7, Seed: -3, Think: true}, "",
			"vllm/y vllm 0.32.0 http://a:8000 http://b:8000 org/y", "temperature=0.7 seed=-3 think=true context=0",
		},
		"with empty fields": {
			ner.Identity{Model: "vllm/y", Server: "openai", Address: "http://a:8000"},
			ner.Decoding{Temperature: 1e-7}, "",
			"vllm/y openai  http://a:8000", "temperature=1e-07 seed=0 think=false context=0",
		},
		"name alone": {ner.Identity{Model: "tagger"}, ner.Decoding{Temperature: 1}, "", "tagger", "temperature=1 seed=0 think=false context=0"},
		"classifier": {
			ner.Identity{Model: "onnx/d", Digest: "0f0f", Server: "in-process"},
			ner.Decoding{}, "aggregation=simple labels=abc",
			"0f0f", "temperature=0 seed=0 think=false context=0 aggregation=simple labels=abc",
		},
		"level of thinking": {ner.Identity{Model: "m"}, ner.Decoding{Think: true, Level: "low"}, "", "m", "temperature=0 seed=0 think=low context=0"},
		"nothing":           {ner.Identity{}, ner.Decoding{}, "", "", "temperature=0 seed=0 think=false context=0"},
	} {
		t.Run(name, func(t *testing.T) {
			id, decoding := Address(tc.id, tc.decoding, tc.answerBy)
			if id != tc.wantID || decoding != tc.wantDecode {
				t.Errorf("address %q, %q, want %q, %q", id, decoding, tc.wantID, tc.wantDecode)
			}
		})
	}
}

// TestAnswerKeysStay checks the keys under which existing stores keep answers.
func TestAnswerKeysStay(t *testing.T) {
	id, decoding := Address(ner.Identity{Model: "m", Digest: "sha256:0123"}, ner.Decoding{Seed: 1}, "")
	for name, tc := range map[string]struct {
		prompt ner.Prompt
		want   string
	}{
		"text": {ner.Prompt{Text: "p", MaxTokens: 7, Stop: []string{"</s>"}}, "baac0ebd6c98d66c404d8c70fbdd095b"},
		"chat": {ner.Prompt{Messages: []ner.Message{{Role: "user", Content: "p"}}, MaxTokens: 7}, "2ecbb8ecdd39129c0d070d9543e36c79"},
	} {
		key := ner.NewAnswerKey(id, decoding, &tc.prompt)
		if got := hex.EncodeToString(key[:]); got != tc.want {
			t.Errorf("%s: key %s, want %s", name, got, tc.want)
		}
	}
}
