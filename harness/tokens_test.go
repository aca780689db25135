package harness

import (
	"maps"
	"testing"

	"nerbench/results"
)

func TestSameWeights(t *testing.T) {
	run := func(id string, facts map[string]string, changes ...string) results.RunInfo {
		keys := map[string]string{
			"model": "gguf/a/b.gguf", "digest": "weights", "server": "llama.cpp", "server_version": "1", "dataset": "mini", "family": "uniner", "think": "off",
		}
		for i := 0; i < len(changes); i += 2 {
			keys[changes[i]] = changes[i+1]
		}
		return results.RunInfo{ID: id, Keys: keys, Facts: maps.Clone(facts)}
	}
	file := run("1", nil)
	onServer := func(changes ...string) results.RunInfo {
		return run("2", map[string]string{"weights": "weights"}, append([]string{"model", "ollama/b", "digest", "manifest", "server", "ollama"}, changes...)...)
	}
	for name, tc := range map[string]struct {
		a, b results.RunInfo
		want bool
	}{
		"file and server":     {file, onServer(), true},
		"server and file":     {onServer(), file, true},
		"two versions":        {onServer(), onServer("server_version", "2"), true},
		"itself":              {file, file, false},
		"another seed":        {file, run("3", nil, "sampling_seed", "7"), false},
		"another family":      {file, onServer("family", "json_list"), false},
		"another dataset":     {file, onServer("dataset", "other"), false},
		"another limit":       {file, onServer("max_tokens", "64"), true},
		"other passages":      {file, onServer("limit", "7"), false},
		"thinking":            {file, onServer("think", "on"), false},
		"no key of thinking":  {file, onServer("think", ""), true},
		"other weights":       {file, run("2", map[string]string{"weights": "others"}, "digest", "manifest", "server", "ollama"), false},
		"no weights":          {run("1", nil, "digest", ""), run("2", nil, "digest", "", "server", "vllm"), false},
		"an older run of it":  {file, run("2", nil, "digest", "manifest", "server", "ollama"), false},
		"two runs of no name": {run("1", nil, "digest", ""), onServer(), false},
	} {
		if got := sameWeights(tc.a, tc.b); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
