package llamacpp

// Free evicts all prefixes of an idle model and returns the number of free cells of its
// memory, and of all.
func (r *Runner) Free() (free, all int) {
	t := r.engine.tree
	for t.evict(nil, false) {
	}
	return t.cells, r.engine.cells
}
