package ner

import "slices"

// Facts is the table of the metadata of a run. Unlike its keys, they do not
// identify the run, since they do not change its queries.
var Facts = []Key{
	{Name: "identity", Meaning: "how the model is identified: digest (of its weights), or name"},
	{Name: "split_passages", Meaning: "number of passages of the whole split"},
	{Name: "card", Meaning: "model card that the prompt settings come from"},
	{Name: "seen", Meaning: "whether the model saw the dataset in training, by its card: yes, no, or unknown"},
	{Name: "thinking_marks", Meaning: "marks around the thinking in answers, by the model card: a JSON list"},
	{Name: "quantisation", Meaning: "type of the weights, as the server or the file reports it"},
	{Name: "weights", Meaning: "SHA-256 of the GGUF file of a model on a server, if the server reports it"},
	{Name: "device", Meaning: "device that computed the answers, if known"},
	{Name: "decoding", Meaning: "sampling parameters that were sent"},
	{Name: "batch", Meaning: "largest number of queries computed in one batch"},
	{Name: "prompt_tokens", Meaning: "tokens of the prompts that were sent"},
	{Name: "prompt_tokens_computed", Meaning: "prompt tokens that were computed; the rest came from a shared prefix"},
	{Name: "prompt_tokens_distinct", Meaning: "different prefixes of the prompts: the least number of tokens that must be computed, if nothing is computed twice"},
	{Name: "constrained_by", Meaning: "member of the request that constrains answers to the schema; none: the server obeys none"},
	{Name: "answered_by", Meaning: "other models that answered instead of the one that was asked, by their names in the responses"},
	{Name: "lists", Meaning: "whether all queries of a passage are sent in one request: yes or no"},
	{Name: "special_tokens", Meaning: "token ids of BOS, </s> and the model card's special tokens; or unchecked"},
	{Name: "failed_refused", Meaning: "retries after a temporary refusal by the server"},
	{Name: "failed_late", Meaning: "retries after a timeout"},
	{Name: "failed_misread", Meaning: "retries after a malformed response"},
	{Name: "failed_broken", Meaning: "retries after a failed connection"},
	{Name: "probe_queries", Meaning: "queries sent twice to check that answers are deterministic"},
	{Name: "probe_differ", Meaning: "queries sent twice whose answers differed"},
}

// KnownFact reports whether name is in [Facts].
func KnownFact(name string) bool {
	return slices.ContainsFunc(Facts, func(k Key) bool { return k.Name == name })
}
