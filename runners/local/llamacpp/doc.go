// Package llamacpp asks models in GGUF files inside the process. llama.cpp does
// the arithmetic: its shared library is found ([Find]) and loaded ([Load]) when a
// model is opened, so that the program itself is built without C.
//
// To follow a question: [Runner.Complete] writes prompts ([Runner.tokens]) and
// cuts them into what all of a passage share and what each asks (newPassage);
// the one goroutine that owns the model ([engine]) reads the shared part once,
// copies it to one sequence for each question, and lets all sequences write at
// once, one token each a step. A sequence that has finished is given to the next
// question at once, of the next passage if need be, so that the batch stays full.
//
// Every sampling parameter is fixed (docs/spec/prompts.md §2.5), and a prompt that would
// not fit the context is refused by its exact length (docs/spec/prompts.md §2.6).
package llamacpp
