package main

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/prompts"
)

// settable are the keys that --set takes, beside those that have a flag.
var settable = []string{
	"order", "wording", "paraphrase", "layout", "dataset_name", "queries", "shots", "seed", "as", "temperature", "sampling_seed", "max_tokens", "stop", "think",
	"constrained", "context", "cap", "sample_seed", "limit", "shard", "gold", "view", "split", "family", "variant",
}

// readSettings reads key=value pairs of --set.
func readSettings(pairs []string) (map[string]string, error) {
	set := map[string]string{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		switch {
		case !ok:
			return nil, fault.Usagef("--set %s: want key=value", pair)
		case !ner.KnownKey(name):
			return nil, fault.Usagef("--set %s: unknown key %q (known: %s)", pair, name, strings.Join(settable, ", "))
		case !slices.Contains(settable, name):
			return nil, fault.Usagef("--set %s: the key %q is found out, not set (keys to set: %s)", pair, name, strings.Join(settable, ", "))
		}
		set[name] = value
	}
	return set, nil
}

// promptSettings makes the settings of prompts of a run's keys.
func promptSettings(keys map[string]string, dataset *datasets.Dataset) (prompts.Settings, error) {
	s := prompts.Settings{
		Family: keys["family"], Variant: keys["variant"], Order: keys["order"], Wording: keys["wording"], Paraphrase: keys["paraphrase"],
		Layout: keys["layout"], Dataset: dataset.Title, DatasetName: keys["dataset_name"],
		Queries: keys["queries"], Shots: keys["shots"], Constrained: keys["constrained"], AsChat: keys["as"] == "chat", Think: keys["think"] == "on",
	}
	if s.DatasetName == "ids" && dataset.Released != "" {
		s.Dataset = dataset.Released
	}
	for name, into := range map[string]*int{"seed": &s.Seed, "max_tokens": &s.MaxTokens} {
		if v := keys[name]; v != "" {
			n, err := strconv.Atoi(v)
			if err != nil {
				return s, fault.Usagef("%s=%s: want a number", name, v)
			}
			*into = n
		}
	}
	if as := keys["as"]; as != "" && as != "chat" {
		return s, fault.Usagef("as=%s: want chat", as)
	}
	if v := keys["stop"]; v != "" {
		if err := json.Unmarshal([]byte(v), &s.Stop); err != nil || slices.Contains(s.Stop, "") {
			return s, fault.Usagef("stop=%s: want a JSON list of strings, such as [\"\\n\\n\"]", v)
		}
	}
	return s, nil
}

// promptRow is what prompts need of a dataset. Several labels may have one type: the
// first one names it.
func promptDataset(dataset *datasets.Dataset) prompts.Dataset {
	out := prompts.Dataset{ID: dataset.ID}
	for _, t := range dataset.Types() {
		i := slices.IndexFunc(dataset.Labels, func(l datasets.Label) bool { return !l.Drop && l.Type == t })
		out.Types = append(out.Types, prompts.TypeInfo{Name: t, Native: dataset.Labels[i].Native})
	}
	return out
}

// typeNames are the names by which an answer may call the types of a dataset: what
// the prompt said, the natural name, and every native label.
func typeNames(dataset *datasets.Dataset, words []string) []answers.TypeName {
	var names []answers.TypeName
	for i, t := range dataset.Types() {
		for _, l := range dataset.Labels {
			if !l.Drop && l.Type == t {
				names = append(names, answers.TypeName{Natural: t, Native: l.Native, Prompt: words[i]})
			}
		}
	}
	return names
}
