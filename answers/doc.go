// Package answers parses completions.
//
// There are two kinds of parsers, and their results are never mixed
// (docs/spec/metrics.md §8.1). [Published] is the parser of the UniversalNER paper with
// all its bugs, for the paper's F1. [Read] is the ladder of docs/spec/prompts.md §3: it
// accepts answers with errors, reports the step that succeeded, and gives every answer
// one outcome. [Alignment] finds mentions in the text (docs/spec/metrics.md §7).
//
// A parser does not use gold, does not execute answers, and accepts any bytes.
package answers

// Version is the version of the parsers. It changes whenever any answer may be parsed
// differently, so that scores of different parsers are not mixed.
const Version = "2"
