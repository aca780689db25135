package site

import (
	"context"
	"errors"
	"iter"

	"nerbench/ner"
)

// ErrNoPassages is the error of an [Archive] that has no passages of a dataset, or no
// answers of a run on the passages of its dataset. The pages are then without them.
var ErrNoPassages = errors.New("no passages")

// Archive gives passages and answers in the order of the documents. Its sequences end
// with the first error.
type Archive interface {
	// Has reports whether the archive has answers of a run on the passages of its
	// dataset. It reads neither.
	Has(run string) bool
	// Passages yields the documents of a dataset with their gold.
	Passages(ctx context.Context, dataset string) iter.Seq2[ner.Document, error]
	// Answers yields what a run predicted for each document. Documents may be missing.
	Answers(ctx context.Context, run string) iter.Seq2[Answered, error]
	// Errors counts the errors of a run by span_f1; nil: not known.
	Errors(ctx context.Context, run string) (*ner.ErrorCounts, error)
	// Repairs counts what was repaired or skipped in the files of a dataset, by kind; nil:
	// not known.
	Repairs(ctx context.Context, dataset string) (map[string]int, error)
}

// Answered is what one run predicted for one document.
type Answered struct {
	Document string
	// Text is the text of the document. It is needed to convert offsets, even where it
	// may not be shown.
	Text string
	// Spans are byte ranges of the text; Unaligned are mentions that were not found in it.
	Spans     []ner.Span
	Unaligned []ner.Mention
	// Score is that of span_f1, and Errors are the errors that it counts.
	Score   ner.Score
	Errors  []Error
	Answers []Answer
	// WithoutText: the archive has no text of the answers and of the mentions that are not
	// in the passage, but only the outcomes of the queries, and the types.
	WithoutText bool
}

// Answer is one raw answer, byte for byte.
type Answer struct {
	Types []ner.EntityType
	// Prompt is the prompt as text; empty: unknown.
	Prompt   string
	Text     string
	Thinking string
	Outcome  ner.Outcome
}

// Class is a class of errors (docs/spec/metrics.md §5). A predicted entity that is
// right has the class "".
type Class string

// The classes of errors.
const (
	Spurious  Class = "spurious" // a prediction without gold
	Boundary  Class = "boundary" // overlap, same type
	WrongType Class = "type"     // same span, other type
	Both      Class = "both"     // overlap, other type
	Missed    Class = "missed"   // gold without a prediction
)

// Classes lists the classes of errors in the order of their numbers in data files,
// which count from 1.
var Classes = []Class{Spurious, Boundary, WrongType, Both, Missed}

// Error is a gold entity that was not predicted exactly, a prediction that is not gold,
// or a pair of them.
type Error struct {
	Class Class
	// Gold and Predicted are byte ranges of the text; the zero span stands for none. A
	// mention that is not in the text has no range, and Mention is its text.
	Gold, Predicted ner.Span
	Unaligned       bool
	Mention         string
}
