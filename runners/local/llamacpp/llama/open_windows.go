package llama

import (
	"fmt"
	"syscall"
)

func open(file string) (uintptr, error) {
	library, err := syscall.LoadLibrary(file)
	return uintptr(library), err
}

func symbol(library uintptr, name string) (uintptr, error) {
	address, err := syscall.GetProcAddress(syscall.Handle(library), name)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return address, nil
}
