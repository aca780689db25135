// Package llamacpp runs models in GGUF files in the process. llama.cpp does the
// computation. Its shared library is found ([Find]) and loaded ([Load]) when a model is
// opened, so the program itself is built without C.
//
// [Runner.Complete] turns the prompts of a passage into tokens ([Runner.tokens]) and
// splits them into their common prefix and the rest of each (newPassage). One goroutine
// owns the model ([engine]). It computes the prefix once, copies it to one sequence per
// query, and generates all answers together, one token each per step. When an answer is
// finished, its sequence goes to the next query, possibly of the next passage, so that
// the batch stays full.
//
// Every sampling parameter is fixed (docs/spec/prompts.md §2.5). A prompt that does not
// fit the context is refused, based on its exact length (docs/spec/prompts.md §2.6).
package llamacpp
