// Package llama binds the functions of llama.cpp that models in the process need.
// [Open] loads the library from a folder and checks its build. The functions are fields
// of the [Library] that it returns.
//
// The package needs only the loader of the operating system. It calls functions with
// their C signatures, structures by value included, on linux, macOS and Windows, amd64
// and arm64 (docs/decisions/0010-llama-without-libffi.md).
//
// The structures of layout.go are those of one build of llama.cpp, which [WantLlama] and
// [WantGGML] name. A newer build needs new layouts.
package llama
