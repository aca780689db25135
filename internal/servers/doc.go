// Package servers holds the tests that need a real model: the servers of Ollama and
// vLLM, and a trained model whose answers are known. They drive the program as a
// user does. One server runs at a time, is started once, and serves all its tests.
//
// So do the tests of the programs of examples/adapters, with the Python that
// NERBENCH_ADAPTERS names (.ci/adapters), and, with the build tag "train", of examples/train (NERBENCH_TRAIN, .ci/train).
//
// They run where NERBENCH_REFERENCE, NERBENCH_OLLAMA, NERBENCH_VLLM and NERBENCH_GEMMA
// name what they need (.ci/integration), and skip elsewhere.
package servers
