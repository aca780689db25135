package site

import (
	"context"
	"iter"

	"nerbench/ner"
)

// Archive gives passages and answers in the order of the documents. Its sequences end
// with the first error.
type Archive interface {
	// Passages yields the documents of a dataset with their gold.
	Passages(ctx context.Context, dataset string) iter.Seq2[ner.Document, error]
	// Answers yields what a run predicted for each document.
	Answers(ctx context.Context, run string) iter.Seq2[Answered, error]
}

// Answered is what one run predicted for one document.
type Answered struct {
	Document string
	// Spans are byte ranges of the text; Unaligned are mentions that were not found in it.
	Spans     []ner.Span
	Unaligned []ner.Mention
	// Score is that of the ranking metric.
	Score   ner.Score
	Answers []Answer
}

// Answer is one raw answer, byte for byte.
type Answer struct {
	Types   []ner.EntityType
	Prompt  string
	Text    string
	Outcome ner.Outcome
}
