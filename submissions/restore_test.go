package submissions

import (
	"testing"

	"nerbench/bundles"
)

func TestConfirms(t *testing.T) {
	run := &bundles.Run{Passages: 1000, Keys: map[string]string{"model": "ollama/a", "digest": "d"}}
	byName := &bundles.Run{Passages: 12, Keys: map[string]string{"model": "openai/a"}}
	trained := &bundles.Run{Passages: 12, Keys: map[string]string{"model": "tagger", "digest": "d", "training": "perceptron"}}
	for name, tc := range map[string]struct {
		run   *bundles.Run
		a     Attestation
		whole bool
		why   string
	}{
		"a hundred passages":  {run, Attestation{Model: "vllm/a", Digest: "d", Spot: 100, P: 1}, false, ""},
		"too few":             {run, Attestation{Model: "ollama/a", Digest: "d", Spot: 99, P: 1}, false, "fewer than 100 passages"},
		"all":                 {run, Attestation{Model: "ollama/a", Digest: "d", Spot: 1000, P: 0.05}, true, ""},
		"another F1":          {run, Attestation{Model: "ollama/a", Digest: "d", Spot: 1000, P: 0.0499}, false, "F1 differs significantly"},
		"another digest":      {run, Attestation{Model: "ollama/a", Digest: "e", Spot: 1000, P: 1}, false, "the model that was asked has another digest"},
		"no digest":           {run, Attestation{Model: "ollama/a", Spot: 1000, P: 1}, false, "the model that was asked has another digest"},
		"a fifth":             {byName, Attestation{Model: "openai/a", Spot: 3, P: 1}, false, ""},
		"less than a fifth":   {byName, Attestation{Model: "openai/a", Spot: 2, P: 1}, false, "fewer than 3 passages"},
		"by name, another":    {byName, Attestation{Model: "openai/b", Spot: 12, P: 1}, false, "another model was asked"},
		"trained in each run": {trained, Attestation{Model: "tagger", Spot: 12, P: 1}, true, ""},
	} {
		if whole, why := tc.a.Confirms(tc.run); whole != tc.whole || why != tc.why {
			t.Errorf("%s: %v, %q; want %v, %q", name, whole, why, tc.whole, tc.why)
		}
	}
}
