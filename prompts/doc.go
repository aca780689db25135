// Package prompts renders the queries about a document, byte for byte, in one of the
// prompt families of docs/spec/prompts.md.
//
// A family has one Go file, templates, and an entry in the table [Families], which
// also has the form of its answers and its presets of metrics. Templates are filled in
// a single pass, so that inserted text is not searched for placeholders
// (docs/spec/prompts.md §2.1). All pseudo-random choices are made by [ner.Hash], so that
// other programs can make the same choices (§2.2).
package prompts
