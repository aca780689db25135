//go:build !windows

package llama

import "github.com/ebitengine/purego"

func open(file string) (uintptr, error) { return purego.Dlopen(file, purego.RTLD_LAZY) }

func symbol(library uintptr, name string) (uintptr, error) { return purego.Dlsym(library, name) }
