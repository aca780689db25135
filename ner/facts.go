package ner

import "slices"

// Facts is the one table of what is known of how a run was asked, beside its keys:
// what a reader wants to know, and what is no part of the run's identity, because
// the same question was put.
var Facts = []Key{
	{"identity", "how the model is known: digest (of its weights), or by name"},
	{"quantisation", "type of the weights, as the server or the file says"},
	{"device", "what computed, as far as it is known"},
	{"decoding", "sampling parameters as they were sent"},
	{"batch", "largest number of questions that were computed at once"},
	{"prompt_tokens", "tokens of the prompts that were sent"},
	{"prompt_tokens_computed", "of them computed: the others came from what prompts share"},
	{"probe_queries", "questions that were asked twice, to see whether answers repeat"},
	{"probe_differ", "of them answered differently the second time"},
}

// KnownFact reports whether name is in [Facts].
func KnownFact(name string) bool {
	return slices.ContainsFunc(Facts, func(k Key) bool { return k.Name == name })
}
