// Package prompts turns a document into queries: the exact bytes that are sent,
// in one of the prompt families of docs/spec/prompts.md.
//
// A family is one Go file, its templates as text, and an entry of the table
// [Families], which joins it with the form of its answers and the presets of metrics.
// Templates are filled in a single pass: what is inserted is never searched for
// placeholders (docs/spec/prompts.md §2.1). Every choice that looks random is made by one
// hash ([ner.Hash]), so that any program makes the same one (§2.2).
package prompts
