package ner_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nerbench/ner"
)

// full has a valid value for every key.
var full = map[string]string{
	"model": "ollama/x", "digest": "sha256:1", "server": "ollama", "server_version": "0.24.0", "address": "http://h:1", "root": "r",
	"dataset": "mit-movie", "split": "test", "data": "f", "labels": "l", "gold": "uniner", "view": "table6",
	"family": "uniner", "family_hash": "h", "variant": "repo+nl", "layout": "per-type", "order": "name", "wording": "native", "paraphrase": "a=b",
	"descriptions": "d", "answer": "list", "dataset_name": "ids", "queries": "gold", "shots": "3:random", "seed": "7", "as": "chat",
	"temperature": "0.7", "sampling_seed": "0", "max_tokens": "64", "stop": `["\n", "</s>"]`, "think": "off", "think_switch": "thinking", "constrained": "schema", "context": "4096",
	"cap": "200000", "sample_seed": "0", "limit": "10", "shard": "2/3", "aggregation": "first", "imported": "sha256:0f jsonl", "training": "perceptron seed=1 data=x",
}

// TestPlanKeys converts keys to a plan and back, each key alone and all together.

func TestPlanKeys(t *testing.T) {
	for _, k := range ner.Keys {
		t.Run(k.Name, func(t *testing.T) {
			keys := map[string]string{k.Name: full[k.Name]}
			p, err := ner.PlanOf(keys)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Keys(); !maps.Equal(got, keys) {
				t.Errorf("keys are %q, want %q", got, keys)
			}
		})
	}
	p, err := ner.PlanOf(full)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Keys(); !maps.Equal(got, full) {
		t.Errorf("keys are %q, want %q", got, full)
	}
	if v := reflect.ValueOf(p); slices.ContainsFunc(slices.Collect(seqOf(v)), reflect.Value.IsZero) {
		t.Errorf("a field of %+v has no key", p)
	}
}

func seqOf(v reflect.Value) func(func(reflect.Value) bool) {
	return func(yield func(reflect.Value) bool) {
		for i := range v.NumField() {
			if !yield(v.Field(i)) {
				return
			}
		}
	}
}

// TestKeyTable checks that every key has a name, a meaning and a part, and depends
// on an existing key, and that a settable one has values and a default.
func TestKeyTable(t *testing.T) {
	for _, k := range ner.Keys {
		if k.Name == "" || k.Meaning == "" || !slices.Contains([]ner.Part{ner.ModelPart, ner.DataPart, ner.PromptPart, ner.DecodingPart}, k.Part) {
			t.Errorf("key %+v: want name, meaning, part", k)
		}
		if _, ok := ner.FindKey(k.Of); k.Of != "" && !ok {
			t.Errorf("key %s: of %q: unknown", k.Name, k.Of)
		}
		if k.Settable != (k.ValuesText() != "") || k.Settable != (k.Default != "") {
			t.Errorf("key %s: settable %v, values %q, default %q: want both for a settable key, none for another", k.Name, k.Settable, k.ValuesText(), k.Default)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ key, value, want string }{
		"unknown":                   {"colour", "red", `key "colour": unknown (known: model, `},
		"old name":                  {"row", "mit-movie", `it is now "dataset"`},
		"shard 0":                   {"shard", "2/0", "want i/n with 1 <= i <= n"},
		"shard beyond":              {"shard", "3/2", "want i/n"},
		"shard with trailing text":  {"shard", "1/1x", "want i/n"},
		"shard of three":            {"shard", "1/2/3", "want i/n"},
		"temperature nan":           {"temperature", "nan", "want a number from 0"},
		"temperature infinite":      {"temperature", "inf", "want a number from 0"},
		"temperature below 0":       {"temperature", "-1", "want a number from 0"},
		"context below 0":           {"context", "-5", "want a number from 0"},
		"cap below 0":               {"cap", "-3", "want a number from 1"},
		"limit 0":                   {"limit", "0", "want a number from 1"},
		"limit with trailing text":  {"limit", "1x", "want a number from 1"},
		"max_tokens 0":              {"max_tokens", "0", "want a number from 1"},
		"seed":                      {"seed", "x", "want a number"},
		"think":                     {"think", "maybe", "want off or on"},
		"view":                      {"view", "some", "want all or table6"},
		"as":                        {"as", "text", "want chat or completion"},
		"stop is not a list":        {"stop", "x", "want a JSON list"},
		"stop with an empty string": {"stop", `[""]`, "want a JSON list"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ner.PlanOf(map[string]string{tc.key: tc.value})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}
