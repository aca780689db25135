package loop

import (
	"slices"
	"strings"

	"nerbench/ner"
)

// controls are texts that servers read as control tokens, or models as turns, also
// inside of a document (docs/spec/prompts.md §2.4).
var controls = []string{
	"<s>", "</s>", "<bos>", "<eos>", "<|", "[INST]", "[/INST]", "<<SYS>>", "USER:", "ASSISTANT:",
	"<think>", "</think>", "<start_of_turn>", "<end_of_turn>",
}

// Marks are the counters of queries that were asked as they are, though the model may
// take them for something else: about a document that holds control strings, or
// longer than what the models of their family were trained on.
var Marks = []string{hasControl, beyondTraining}

const (
	hasControl     = "prompt_has_control"
	beyondTraining = "beyond_training_length"
)

// mark counts the marked queries of a passage. trained is the length of the prompts
// that the models of their family were trained on, in tokens; 0: it is not known.
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
