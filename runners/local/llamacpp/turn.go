package llamacpp

import (
	"context"

	"nerbench/internal/checksum"
)

// Turn lets a loaded model answer queries of another configuration, while it is asked
// nothing. It has a new context then, with an empty memory of prompts, so that the answers
// are those of a model that was opened with this configuration. It returns false if the
// model must be closed and opened again: it is another one, its files have changed, it is
// not [Runner.Sound], or it has no memory for the context. An error of the configuration,
// such as a context that is too long for the model, changes nothing.
func (r *Runner) Turn(_ context.Context, c Config) (bool, error) {
	r.using.Lock()
	defer r.using.Unlock()
	if r.closed || !r.Sound() || !r.config.loadsAs(c) {
		return false, nil
	}
	if now, err := checksum.StampOf(parts(c.File)...); err != nil || !now.Equal(r.stamp) {
		return false, nil
	}
	if err := c.check(r.info); err != nil {
		return false, err
	}
	r.engine.end() // first: two contexts may not fit into the memory
	r.engine, r.config = nil, c
	return r.start() == nil, nil // Open finds the same error, and returns it
}

// Sound reports whether the model has answered all that it was asked.
func (r *Runner) Sound() bool { return !r.unsound.Load() && r.library.aborts.err() == nil }

// loadsAs reports whether the weights are loaded alike with another configuration.
func (c Config) loadsAs(o Config) bool {
	return c.File == o.File && c.Library == o.Library && c.GPULayers == o.GPULayers && c.MainGPU == o.MainGPU && c.Split == o.Split
}
