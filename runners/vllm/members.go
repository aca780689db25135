package vllm

import (
	"regexp"
	"slices"
	"strings"

	"nerbench/runners"
)

// Members of a request.
const (
	maxTokens       = "max_tokens"
	completionLimit = "max_completion_tokens" // the newer name of max_tokens
	templateKwargs  = "chat_template_kwargs"
	reasoningEffort = "reasoning_effort"
	returnTokenIDs  = "return_token_ids"
)

// extensions are members that OpenAI's API does not have.
var extensions = []string{"top_k", "min_p", "repetition_penalty", "include_stop_str_in_output", templateKwargs}

// optional are the members that a request can do without: a server that refuses one of
// them gets the others. Without [maxTokens], a request has [completionLimit].
var optional = append([]string{
	maxTokens, reasoningEffort, returnTokenIDs, "temperature", "seed", "top_p", "presence_penalty", "frequency_penalty", "n", "stop", "stream", "echo",
}, extensions...)

// refuses reports whether the servers refuse a member.
func (a *Abilities) refuses(member string) bool { return slices.Contains(a.Refuses, member) }

// without returns the form without some more members.
func (a Abilities) without(members ...string) Abilities {
	a.Refuses = slices.Concat(a.Refuses, members)
	slices.Sort(a.Refuses)
	a.Refuses = slices.Compact(a.Refuses)
	if a.refuses(returnTokenIDs) {
		a.TokenIDs = false
	}
	return a
}

// trim deletes the members that the servers refuse.
func (a *Abilities) trim(f fields) {
	if limit, there := f[maxTokens]; there && a.refuses(maxTokens) {
		f[completionLimit] = limit
	}
	for _, member := range a.Refuses {
		delete(f, member)
	}
}

// quoted finds names in quotes, as in 'temperature', "loc":["body","n"], and in the list
// of "Unrecognized request arguments supplied: top_k, min_p".
var quoted = regexp.MustCompile("[\"'`]([a-z_]+)[\"'`]|(?:supplied|permitted|fields?|parameters?|arguments?): ([a-z_, ]+)")

// refusedMembers are the optional members that a refusal names and that the form has. A
// name with an underscore is no ordinary word; the others must be quoted.
func refusedMembers(e *runners.StatusError, form *Abilities) []string {
	named := map[string]bool{e.Member: true}
	for _, m := range quoted.FindAllStringSubmatch(e.Message, -1) {
		named[m[1]] = true
		for _, name := range strings.Split(m[2], ",") {
			named[strings.TrimSpace(name)] = true
		}
	}
	var found []string
	for _, member := range optional {
		if form.refuses(member) || member == returnTokenIDs && !form.TokenIDs {
			continue
		}
		word := strings.Contains(member, "_") && regexp.MustCompile(`\b`+member+`\b`).MatchString(e.Message)
		if named[member] || word {
			found = append(found, member)
		}
	}
	return found
}
