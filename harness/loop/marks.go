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

// Marks are the names of the counters of queries that a model may misinterpret, or whose
// answers may not be what the user expects.
var Marks = []string{hasControl, beyondTraining, WithThinking, BlankWithThinking, AtTokenLimit}

// The names of [Marks] (docs/spec/prompts.md §2.4 to §2.6).
const (
	hasControl     = "prompt_has_control"     // the document has control strings
	beyondTraining = "beyond_training_length" // the prompt is longer than those of the models' training
	// WithThinking: the model thought before its answer, or instead of it.
	WithThinking = "with_thinking"
	// BlankWithThinking: there is text in the thinking, but none in the answer.
	BlankWithThinking = "blank_with_thinking"
	// AtTokenLimit: the token limit ended the answer.
	AtTokenLimit = "at_token_limit"
)

// thinkingMarks begin or end thinking inside an answer, in lower case.
var thinkingMarks = []string{"<think>", "</think>", "<thinking>", "</thinking>", "<thought>", "<reasoning>", "[think]", "[/think]", "<seed:think>", "<|channel|>analysis"}

// Thinks reports whether a model thought: the server returned thinking, or it is inside
// the text, because the server does not separate it.
func Thinks(c *ner.Completion) bool {
	if strings.TrimSpace(c.Thinking) != "" {
		return true
	}
	if !strings.Contains(c.Text, "<") && !strings.Contains(c.Text, "[T") && !strings.Contains(c.Text, "[t") {
		return false // most answers, without a copy
	}
	text := strings.ToLower(c.Text)
	return slices.ContainsFunc(thinkingMarks, func(m string) bool { return strings.Contains(text, m) })
}

// OnlyThinks reports whether the server returned thinking, but no text of an answer.
func OnlyThinks(c *ner.Completion) bool {
	return c.Thinking != "" && strings.TrimSpace(c.Text) == ""
}

// mark counts the queries of a passage by [Marks]. trained is the longest prompt, in
// tokens, that the models of the family were trained on; 0: unknown.
func mark(counters map[string]int, trained int, d *ner.Document, answers []ner.Answer) {
	if slices.ContainsFunc(controls, func(c string) bool { return strings.Contains(d.Text, c) }) {
		counters[hasControl] += len(answers)
	}
	for i := range answers {
		c := &answers[i].Completion
		if _, unread := c.Finish.Outcome(); unread {
			continue
		}
		if Thinks(c) {
			counters[WithThinking]++
		}
		if OnlyThinks(c) {
			counters[BlankWithThinking]++
		}
		if c.Finish == ner.FinishLength {
			counters[AtTokenLimit]++
		}
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
