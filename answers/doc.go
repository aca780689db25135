// Package answers understands completions.
//
// There are two readings of one completion, and they are never mixed
// (docs/spec/metrics.md §8.1). [Published] is the parser of the UniversalNER paper, bug
// for bug: it serves the paper's F1 and nothing else. [Read] is the ladder of
// docs/spec/prompts.md §3, which reads what a person would read, says by which step it
// did, and puts every answer into one outcome class. [Align] places mentions in
// the text (docs/spec/metrics.md §7).
//
// A parser never sees gold, executes nothing, and takes any bytes for input.
package answers

// Version names the parsers. It changes whenever any answer may be parsed
// differently, so that scores of different parsers are not mixed.
const Version = "1"
