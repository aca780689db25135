package main

import (
	"fmt"
	"io"
	"sync"
)

// output is standard output. It keeps the first error, so that a full disk behind it is
// an error of every command.
type output struct {
	w io.Writer

	mu  sync.Mutex
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = fmt.Errorf("standard output: %w", err)
		}
	}
	return n, err
}

// fault is the first error.
func (o *output) fault() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
