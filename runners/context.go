package runners

// contextStep is the unit to which context lengths are rounded up, in tokens. So runs
// of datasets with similar lengths have the same context.
const contextStep = 1024

// ContextFor is the context length to request from a server, in tokens. It fits the
// longest prompt (in bytes, at two bytes per token, docs/spec/prompts.md §2.6) and the
// longest answer (in tokens). It is a multiple of 1024, and never more than the context
// of the model if that is known (not 0). It is no longer than necessary, because every
// slot needs memory for the whole context.
func ContextFor(model, longestPrompt, longestAnswer int) int {
	need := (longestPrompt+1)/2 + longestAnswer
	need = (need + contextStep - 1) / contextStep * contextStep
	if model > 0 {
		return min(need, model)
	}
	return need
}
