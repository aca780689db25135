package loop

import (
	"slices"
	"strings"

	"nerbench/answers"
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

// Thinks reports whether a model thought: the server returned thinking, or it is inside
// the text, because the server does not separate it. own are the marks of a model card.
func Thinks(c *ner.Completion, own []answers.ThinkingMark) bool {
	return strings.TrimSpace(c.Thinking) != "" || answers.HasThinking(c.Text, own)
}

// OnlyThinks reports whether the server returned thinking, but no text of an answer.
func OnlyThinks(c *ner.Completion) bool {
	return c.Thinking != "" && strings.TrimSpace(c.Text) == ""
}

// mark counts the queries of a passage by [Marks].
func (p *ScorePlan) mark(counters map[string]int, d *ner.Document, given []ner.Answer) {
	if slices.ContainsFunc(controls, func(c string) bool { return strings.Contains(d.Text, c) }) {
		counters[hasControl] += len(given)
	}
	for i := range given {
		c := &given[i].Completion
		if _, unread := c.Finish.Outcome(); unread {
			continue
		}
		if Thinks(c, p.Parsing.Thinking) {
			counters[WithThinking]++
		}
		if OnlyThinks(c) {
			counters[BlankWithThinking]++
		}
		if c.Finish == ner.FinishLength {
			counters[AtTokenLimit]++
		}
	}
	if p.TrainedTokens == 0 {
		return
	}
	for _, a := range given {
		if a.Completion.PromptTokens > p.TrainedTokens && a.Completion.Finish != ner.FinishTooLong {
			counters[beyondTraining]++
		}
	}
}
