// Package llamacpp runs models in GGUF files in the process. llama.cpp does the
// computation. Its shared library is found ([Find]) and loaded ([Load]) when a model is
// opened, so the program itself is built without C.
//
// [Runner.Complete] turns the prompts of a passage into tokens ([Runner.tokens]). One
// goroutine owns the model ([engine]). It enters each prompt into a tree ([prefixes]), so
// that what prompts have in common is computed once, also between passages, and generates
// all answers together, one token each per step. When an answer is finished, the next
// query takes its place, possibly of the next passage, so that the batch stays full.
//
// Every sampling parameter is fixed (docs/spec/prompts.md §2.5). A prompt that does not
// fit the context is refused, based on its exact length (docs/spec/prompts.md §2.6).
package llamacpp
