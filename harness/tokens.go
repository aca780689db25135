package harness

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"nerbench/harness/compare"
	"nerbench/ner"
	"nerbench/results"
)

// promptKeys are the keys that determine the prompts of a run on the same passages. The
// others of their part determine only where an answer ends.
var promptKeys = append(ner.KeyNames(ner.InPart(ner.PromptPart), func(k ner.Key) bool {
	return !slices.Contains([]string{"max_tokens", "stop", "constrained"}, k.Name)
}), "dataset", "think", "think_switch")

// tokenKeys are the keys that two runs with the same prompts, passage by passage, have in
// common.
var tokenKeys = slices.Concat(promptKeys, passageKeys, partKeys)

// serverOf identifies what splits the texts of a run into tokens.
func serverOf(r results.RunInfo) string {
	return strings.Join([]string{r.Keys["model"], r.Keys["digest"], r.Keys["server"], r.Keys["server_version"]}, "\n")
}

// sameWeights reports whether two runs are of the same weights with the same prompts. A
// server may name the file of the weights beside the digest of its own model.
func sameWeights(a, b results.RunInfo) bool {
	if serverOf(a) == serverOf(b) { // it splits texts in one way
		return false
	}
	for _, key := range tokenKeys {
		if key == "think" && (a.Keys[key] == "" || b.Keys[key] == "") {
			continue // models in the process have no such key
		}
		if a.Keys[key] != b.Keys[key] {
			return false
		}
	}
	for _, x := range []string{a.Keys["digest"], a.Facts["weights"]} {
		if x != "" && (x == b.Keys["digest"] || x == b.Facts["weights"]) {
			return true
		}
	}
	return false
}

// tokensOf compares the numbers of tokens of the prompts of two runs; nil: they are not of
// the same weights.
func tokensOf(ctx context.Context, store *results.Store, a, b results.RunInfo) (*compare.Tokens, error) {
	if !sameWeights(a, b) {
		return nil, nil
	}
	next, stop := iter.Pull2(store.Passages(ctx, b.ID))
	defer stop()
	t := &compare.Tokens{}
	y, err, more := next()
	for x, errA := range store.Passages(ctx, a.ID) {
		if errA != nil {
			return nil, errA
		}
		for more && err == nil && y.Index < x.Index {
			y, err, more = next()
		}
		if err != nil {
			return nil, err
		}
		if !more || y.Index != x.Index || len(x.Answers) != len(y.Answers) {
			continue
		}
		for i := range x.Answers {
			t.Add(x.Answers[i].Completion.PromptTokens, y.Answers[i].Completion.PromptTokens)
		}
	}
	return t, nil
}

// tokenWarnings compares all pairs of servers with the same weights, by one run of each
// on the same prompts: runs with other sampling seeds have the same tokens.
func tokenWarnings(ctx context.Context, store *results.Store, runs []results.RunInfo) ([]string, error) {
	var warnings []string
	seen := map[string]bool{}
	for i, a := range runs {
		for _, b := range runs[i+1:] {
			pair := []string{serverOf(a), serverOf(b)}
			slices.Sort(pair)
			for _, key := range tokenKeys {
				pair = append(pair, a.Keys[key])
			}
			id := strings.Join(pair, "\n")
			if !sameWeights(a, b) || seen[id] {
				continue
			}
			seen[id] = true
			t, err := tokensOf(ctx, store, a, b)
			if err != nil {
				return nil, err
			}
			if text := t.String(); text != "" {
				warnings = append(warnings, fmt.Sprintf("%s: runs %s (%s) and %s (%s): %s", a.Keys["dataset"], a.ID, a.Keys["model"], b.ID, b.Keys["model"], text))
			}
		}
	}
	return warnings, nil
}
