package ner

import "slices"

// Facts is the table of the metadata of a run. Unlike its keys, they do not
// identify the run, since they do not change its queries.
var Facts = []Key{
	{Name: "identity", Meaning: "how the model is identified: digest (of its weights), name, or command (of a program, with the files that it names)"},
	{Name: "command", Meaning: "command line of a program, without folders and secrets"},
	{Name: "reported_digest", Meaning: "digest that a program reports for itself; the digest of the run covers it"},
	{Name: "split_passages", Meaning: "number of passages of the whole split"},
	{Name: "card", Meaning: "model card that the prompt settings come from"},
	{Name: "seen", Meaning: "whether the model saw the dataset in training, by its card: yes, no, or unknown"},
	{Name: "thinking_marks", Meaning: "marks around the thinking in answers, by the model card: a JSON list"},
	{Name: "quantisation", Meaning: "type of the weights, as the server or the file reports it"},
	{Name: "weights", Meaning: "SHA-256 of the GGUF file of a model on a server, if the server reports it"},
	{Name: "weights_from", Meaning: "what the digest was computed from: hf:ORG/NAME@COMMIT, the name of a folder or file, or sha256 (given)"},
	{Name: "weights_doubt", Meaning: "the server reports another name for its weights than the one they were named by"},
	{Name: "served_at", Meaning: "addresses of the servers of a model that is identified by its weights"},
	{Name: "served_as", Meaning: "name that these servers report for the weights"},
	{Name: "workers", Meaning: "programs on other machines that answered, by build, if they differ from the one that asked"},
	{Name: "device", Meaning: "device that computed the answers, if known"},
	{Name: "decoding", Meaning: "sampling parameters that were sent"},
	{Name: "batch", Meaning: "largest number of queries computed in one batch"},
	{Name: "prompt_tokens", Summed: true, Meaning: "tokens of the prompts that were sent"},
	{Name: "prompt_tokens_computed", Summed: true, Meaning: "prompt tokens that were computed; the rest came from a shared prefix"},
	{Name: "prompt_tokens_distinct", Summed: true, Meaning: "different prefixes of the prompts: the least number of tokens that must be computed, if nothing is computed twice"},
	{Name: "constrained_by", Meaning: "member of the request that constrains answers to the schema; none: the server obeys none"},
	{Name: "answered_by", Meaning: "other models that answered instead of the one that was asked, by their names in the responses"},
	{Name: "lists", Meaning: "whether all queries of a passage are sent in one request: yes or no"},
	{Name: "special_tokens", Meaning: "token ids of BOS, </s> and the model card's special tokens; or unchecked"},
	{Name: "failed_refused", Summed: true, Meaning: "retries after a temporary refusal by the server"},
	{Name: "failed_late", Summed: true, Meaning: "retries after a timeout"},
	{Name: "failed_misread", Summed: true, Meaning: "retries after a malformed response"},
	{Name: "failed_broken", Summed: true, Meaning: "retries after a failed connection"},
	{Name: "probe_queries", Summed: true, Meaning: "queries sent twice to check that answers are deterministic"},
	{Name: "probe_differ", Summed: true, Meaning: "queries sent twice whose answers differed"},
}

// KnownFact reports whether name is in [Facts].
func KnownFact(name string) bool {
	return slices.ContainsFunc(Facts, func(k Key) bool { return k.Name == name })
}

// SummedFact reports whether name is a fact that counts: the counts of the sessions of a
// run are added up.
func SummedFact(name string) bool {
	return slices.ContainsFunc(Facts, func(k Key) bool { return k.Name == name && k.Summed })
}
