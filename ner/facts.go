package ner

import "slices"

// Facts is the one table of what is known of how a run was asked, beside its keys:
// what a reader wants to know, and what is no part of the run's identity, because
// the same question was put.
var Facts = []Key{
	{Name: "identity", Meaning: "how the model is known: digest (of its weights), or by name"},
	{Name: "card", Meaning: "model card that said how to ask"},
	{Name: "seen", Meaning: "whether the model saw the dataset in training, by its card: yes, no, or unknown"},
	{Name: "quantisation", Meaning: "type of the weights, as the server or the file says"},
	{Name: "device", Meaning: "what computed, as far as it is known"},
	{Name: "decoding", Meaning: "sampling parameters as they were sent"},
	{Name: "batch", Meaning: "largest number of questions that were computed at once"},
	{Name: "prompt_tokens", Meaning: "tokens of the prompts that were sent"},
	{Name: "prompt_tokens_computed", Meaning: "of them computed: the others came from what prompts share"},
	{Name: "lists", Meaning: "whether the questions of a passage are one request: yes, or no, one by one"},
	{Name: "special_tokens", Meaning: "what the tokenizer makes of BOS, </s>, and what the model card names; or unchecked"},
	{Name: "failed_refused", Meaning: "times that a server refused for a reason that passed, and was asked again"},
	{Name: "failed_late", Meaning: "times that no answer came in time, and it was asked again"},
	{Name: "failed_misread", Meaning: "times that an answer was not what was asked for, and it was asked again"},
	{Name: "failed_broken", Meaning: "times that a connection broke or could not be made, and it was asked again"},
	{Name: "probe_queries", Meaning: "questions that were asked twice, to see whether answers repeat"},
	{Name: "probe_differ", Meaning: "of them answered differently the second time"},
}

// KnownFact reports whether name is in [Facts].
func KnownFact(name string) bool {
	return slices.ContainsFunc(Facts, func(k Key) bool { return k.Name == name })
}
