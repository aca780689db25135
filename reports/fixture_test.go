package reports

import (
	"fmt"

	"nerbench/ner"
)

// benchmark is a small benchmark of five datasets in three domains.
func benchmark() []DatasetInfo {
	return []DatasetInfo{
		{ID: "stars", Title: "Stars", Domain: "science"},
		{ID: "plants", Title: "Plants", Domain: "science"},
		{ID: "courts", Title: "Courts", Domain: "law"},
		{ID: "recipes", Title: "Recipes", Domain: "food"},
		{ID: "wards", Title: "Wards", Domain: "clinics", Absent: "needs an agreement"},
	}
}

// result is a complete run with four queries for each passage, a few of them failures.
func result(model, dataset string, tp, nPred, nGold int) Result {
	s := ner.Score{TP: tp, NPred: nPred, NGold: nGold}
	keys := map[string]string{
		"model": model, "digest": "digest-of-" + model, "dataset": dataset, "split": "test",
		"data": "data-of-" + dataset, "family": "uniner", "temperature": "0",
	}
	return Result{
		ID:   fmt.Sprintf("%s.%s", model, dataset),
		Keys: keys, State: "complete", Passages: 100, Complete: 100, Queries: 400,
		Outcomes: map[ner.Outcome]int{ner.OK: 250, ner.Empty: 120, ner.Repaired: 20, ner.Malformed: 7, ner.Truncated: 3},
		Scores:   map[string]ner.Score{SpanF1: s, UninerF1: {TP: min(tp+1, nPred, nGold), NPred: nPred, NGold: nGold}},
	}
}

// with returns the run with a key set and an identity of its own.
func (r Result) with(key, value string) Result {
	keys := map[string]string{key: value}
	for k, v := range r.Keys {
		if k != key {
			keys[k] = v
		}
	}
	r.Keys = keys
	r.ID += "." + value
	return r
}

// tagger returns the run as one whose answers are not generated.
func (r Result) tagger() Result {
	r.Outcomes, r.Queries = nil, 0
	return r
}
