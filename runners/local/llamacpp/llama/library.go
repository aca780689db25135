package llama

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/ebitengine/purego"
)

// Library is llama.cpp, loaded into the process. Its functions are those of C, with the
// same rules: do not use a handle after it is freed, and use a context in one goroutine
// at a time.
type Library struct {
	BaseFunctions
	GGMLFunctions
	LlamaFunctions
}

// FileName is the name of one of the shared libraries, such as "llama", on this
// operating system.
func FileName(name string) string {
	switch runtime.GOOS {
	case "windows":
		return name + ".dll"
	case "darwin":
		return "lib" + name + ".dylib"
	}
	return "lib" + name + ".so"
}

// Open loads the library of a folder. A library of another build than [Build] is an
// error. The library stays loaded until the process ends.
func Open(folder string) (*Library, error) {
	if err := supported(runtime.GOOS, runtime.GOARCH); err != nil {
		return nil, err
	}
	base, err := load(folder, "ggml-base")
	if err != nil {
		return nil, err
	}
	var b baseBuild
	if err := bind(base, &b); err != nil {
		return nil, err
	}
	if got := b.Version() + " " + b.Commit(); got != WantGGML {
		return nil, fmt.Errorf("is another build: ggml %s, want %s", got, WantGGML)
	}
	ggml, err := load(folder, "ggml")
	if err != nil {
		return nil, err
	}
	llama, err := load(folder, "llama")
	if err != nil {
		return nil, err
	}
	var v llamaBuild
	if err := bind(llama, &v); err != nil {
		return nil, err
	}
	if got := v.Version(); got != WantLlama {
		return nil, fmt.Errorf("is another build: llama.cpp %s, want %s", got, WantLlama)
	}
	l := &Library{}
	for _, part := range []struct {
		library   uintptr
		functions any
	}{{base, &l.BaseFunctions}, {ggml, &l.GGMLFunctions}, {llama, &l.LlamaFunctions}} {
		if err := bind(part.library, part.functions); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// supported returns an error for a platform without structures by value.
func supported(system, processor string) error {
	if !slices.Contains([]string{"linux", "darwin", "windows"}, system) || !slices.Contains([]string{"amd64", "arm64"}, processor) {
		return fmt.Errorf("not supported on %s/%s: want linux, darwin or windows, amd64 or arm64", system, processor)
	}
	return nil
}

func load(folder, name string) (uintptr, error) {
	library, err := open(filepath.Join(folder, FileName(name)))
	if err != nil {
		return 0, fmt.Errorf("cannot be loaded: %w", err)
	}
	return library, nil
}

// Log calls a function with every message of the library, from any thread. Call it once,
// because the function is never freed.
func (l *Library) Log(to func(level LogLevel, text string)) {
	l.LogSet(purego.NewCallback(func(level LogLevel, text *byte, _ uintptr) uintptr {
		to(level, goString(text))
		return 0
	}), 0)
}

// OnAbort calls a function with the reason before the library ends the process, because
// an assertion failed. The function is called on the thread of the failure; while it does
// not return, the process lives. Call it once, because the function is never freed.
func (l *Library) OnAbort(to func(reason string)) {
	l.SetAbort(purego.NewCallback(func(text *byte) uintptr {
		to(goString(text))
		return 0
	}))
}
