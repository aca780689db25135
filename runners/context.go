package runners

// contextStep is what a context length is rounded up to, in tokens, so that runs
// of datasets of about the same length have one.
const contextStep = 1024

// ContextFor is the context length to ask a server for, in tokens: enough for the
// longest prompt, in bytes, and its answer, in tokens, by the upper guess of a
// token for two bytes (docs/spec/prompts.md §2.6), in steps of 1024; never more than the
// model was trained for, where that is known (not 0). A longer context costs
// memory for every slot.
func ContextFor(model, longestPrompt, longestAnswer int) int {
	need := (longestPrompt+1)/2 + longestAnswer
	need = (need + contextStep - 1) / contextStep * contextStep
	if model > 0 {
		return min(need, model)
	}
	return need
}
