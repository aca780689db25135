package harness

import (
	"slices"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/runners"
)

// PromptSettings returns the prompt settings of a plan.
func PromptSettings(p ner.Plan, dataset *datasets.Dataset) prompts.Settings {
	s := prompts.Settings{
		Family: p.Family, Variant: p.Variant, Order: p.Order, Wording: p.Wording, Paraphrase: p.Paraphrase,
		Layout: p.Layout, Dataset: dataset.Title, DatasetName: p.DatasetName,
		Queries: p.Queries, Shots: p.Shots, Seed: p.Seed, Constrained: p.Constrained, As: p.As, Think: thinks(p.Think),
		MaxTokens: p.MaxTokens, Stop: p.Stop,
	}
	if s.DatasetName == "ids" && dataset.Released != "" {
		s.Dataset = dataset.Released
	}
	return s
}

// thinks reports whether a value of the key think turns thinking on.
func thinks(value string) bool { return value != "" && value != "off" }

// decodingOf returns the sampling parameters of a plan (docs/spec/prompts.md §2.5).
func decodingOf(p ner.Plan) runners.Decoding {
	d := runners.Decoding{Seed: 1, Think: thinks(p.Think)}
	if d.Think && p.Think != "on" {
		d.Level = p.Think
	}
	if p.Family == "spans" {
		d.Seed = 0
	}
	if p.Temperature != nil {
		d.Temperature = *p.Temperature
	}
	if p.SamplingSeed != nil {
		d.Seed = *p.SamplingSeed
	}
	if p.Context != nil {
		d.Context = *p.Context
	}
	return d
}

// PromptDataset returns the types of a dataset for prompts. If several labels have
// the same type, the first label is its native name.
func PromptDataset(dataset *datasets.Dataset) prompts.Dataset {
	out := prompts.Dataset{ID: dataset.ID}
	for _, t := range dataset.Types() {
		i := slices.IndexFunc(dataset.Labels, func(l datasets.Label) bool { return !l.Drop && l.Type == t })
		out.Types = append(out.Types, prompts.TypeInfo{Name: t, Native: dataset.Labels[i].Native})
	}
	return out
}

// typeNames returns the names that answers may use for the types of a dataset: the
// word of the prompt, the natural name, and every native label.
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
