// Package export writes training data in the forms of other programs, each with a
// configuration that runs (docs/spec/prompts.md §6.8 and §6.9). One file has one target.
//
// All forms for language models train the same text: that of the prompts of family
// uniner, variant repo, and the answers. The turn "I've read this text." is not trained,
// as in the paper.
package export
