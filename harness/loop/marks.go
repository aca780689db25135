package loop

import (
	"slices"
	"strings"

	"nerbench/ner"
)

// controls are strings that a server may treat as control tokens, or a model as
// turns, even inside a document (docs/spec/prompts.md §2.4).
var controls = []string{
	"<s>", "</s>", "<bos>", "<eos>", "<|", "[INST]", "[/INST]", "<<SYS>>", "USER:", "ASSISTANT:",
	"<think>", "</think>", "<start_of_turn>", "<end_of_turn>",
}

// Marks are the names of the counters of queries that a model may misinterpret: the
// document has control strings, or the prompt is longer than those that the models of
// the family were trained on.
var Marks = []string{hasControl, beyondTraining}

const (
	hasControl     = "prompt_has_control"
	beyondTraining = "beyond_training_length"
)

// mark counts the marked queries of a passage. trained is the longest prompt, in
// tokens, that the models of the family were trained on; 0: unknown.
func mark(counters map[string]int, trained int, d *ner.Document, answers []ner.Answer) {
	if slices.ContainsFunc(controls, func(c string) bool { return strings.Contains(d.Text, c) }) {
		counters[hasControl] += len(answers)
	}
	if trained == 0 {
		return
	}
	for _, a := range answers {
		if a.Completion.PromptTokens > trained && a.Completion.Finish != ner.FinishTooLong {
			counters[beyondTraining]++
		}
	}
}
