package harness

import (
	"testing"

	"nerbench/reports/exchange"
	"nerbench/results"
	"nerbench/runners/cards"
)

// TestExchangeModel: models in the process run on the machine of the user; the weights of a
// model are open if its card says so, or names their repository.
func TestExchangeModel(t *testing.T) {
	yes, no := true, false
	for name, tc := range map[string]struct {
		model, server string
		card          *cards.Card
		want          exchange.Model
	}{
		"tagger":     {"tagger", "in-process", nil, exchange.Model{Name: "tagger", Local: true}},
		"file":       {"gguf/m.gguf", "llama.cpp", nil, exchange.Model{Name: "gguf/m.gguf", Local: true}},
		"program":    {"exec/spacy", "exec", &cards.Card{OpenWeights: &yes}, exchange.Model{Name: "exec/spacy", Open: true}},
		"closed":     {"openai/x", "openai", &cards.Card{OpenWeights: &no}, exchange.Model{Name: "openai/x"}},
		"repository": {"ollama/x", "ollama", &cards.Card{Where: "Some/Model"}, exchange.Model{Name: "ollama/x", Repository: "Some/Model", Open: true}},
		"hub":        {"vllm/Some/Model", "vllm", nil, exchange.Model{Name: "vllm/Some/Model", Repository: "Some/Model"}},
		"imported":   {"imported/x", "", nil, exchange.Model{Name: "imported/x"}},
	} {
		if got := exchangeModel(results.RunInfo{Keys: map[string]string{"model": tc.model, "server": tc.server}}, tc.card); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}
