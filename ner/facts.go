package ner

import "slices"

// Facts is the one table of what is known of how a run was asked, beside its keys:
// what a reader wants to know, and what is no part of the run's identity, because
// the same question was put.
var Facts = []Key{
	{"identity", "how the model is known: digest (of its weights), or by name"},
	{"card", "model card that said how to ask"},
	{"seen", "whether the model saw the dataset in training, by its card: yes, no, or unknown"},
	{"quantisation", "type of the weights, as the server or the file says"},
	{"device", "what computed, as far as it is known"},
	{"decoding", "sampling parameters as they were sent"},
	{"batch", "largest number of questions that were computed at once"},
	{"prompt_tokens", "tokens of the prompts that were sent"},
	{"prompt_tokens_computed", "of them computed: the others came from what prompts share"},
	{"lists", "whether the questions of a passage are one request: yes, or no, one by one"},
	{"special_tokens", "what the tokenizer makes of BOS, </s>, and what the model card names; or unchecked"},
	{"failed_refused", "times that a server refused for a reason that passed, and was asked again"},
	{"failed_late", "times that no answer came in time, and it was asked again"},
	{"failed_misread", "times that an answer was not what was asked for, and it was asked again"},
	{"failed_broken", "times that a connection broke or could not be made, and it was asked again"},
	{"probe_queries", "questions that were asked twice, to see whether answers repeat"},
	{"probe_differ", "of them answered differently the second time"},
}

// KnownFact reports whether name is in [Facts].
func KnownFact(name string) bool {
	return slices.ContainsFunc(Facts, func(k Key) bool { return k.Name == name })
}
