package vllm

// SetAbilities takes the place of a probe.
func (r *Runner) SetAbilities(a Abilities) { r.abilities = a }
