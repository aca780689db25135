// Package llama binds the functions of llama.cpp that models in the process need.
// [Open] loads the library from a folder and checks its build; the functions are
// fields of the [Library] that it returns.
//
// Only the operating system's loader is needed: the functions are called with
// their C signatures, structures by value included, on linux, macOS and Windows,
// amd64 and arm64 (docs/decisions/0017-llama-without-libffi.md).
//
// The structures of layout.go are those of one build of llama.cpp, the one that
// [WantLlama] and [WantGGML] name. A newer build needs new layouts.
package llama
