package page

import (
	"fmt"

	"nerbench/ner"
	"nerbench/reports"
)

// benchmark is a small benchmark of five datasets in three domains.
func benchmark() []reports.DatasetInfo {
	return []reports.DatasetInfo{
		{ID: "stars", Title: "Stars", Domain: "science"},
		{ID: "plants", Title: "Plants", Domain: "science"},
		{ID: "courts", Title: "Courts", Domain: "law"},
		{ID: "recipes", Title: "Recipes", Domain: "food"},
		{ID: "wards", Title: "Wards", Domain: "clinics", Absent: "needs an agreement"},
	}
}

// result is a complete run with four queries for each passage, a few of them failures.
func result(model, dataset string, tp, nPred, nGold int) reports.Result {
	s := ner.Score{TP: tp, NPred: nPred, NGold: nGold}
	keys := map[string]string{
		"model": model, "digest": "digest-of-" + model, "dataset": dataset, "split": "test",
		"data": "data-of-" + dataset, "family": "uniner", "temperature": "0",
	}
	return reports.Result{
		ID:   fmt.Sprintf("%s.%s", model, dataset),
		Keys: keys, State: "complete", Passages: 100, Complete: 100, Queries: 400,
		Outcomes: map[ner.Outcome]int{ner.OK: 250, ner.Empty: 120, ner.Repaired: 20, ner.Malformed: 7, ner.Truncated: 3},
		Scores:   map[string]ner.Score{reports.SpanF1: s, reports.UninerF1: {TP: min(tp+1, nPred, nGold), NPred: nPred, NGold: nGold}},
	}
}

// with returns the run with a key set and an identity of its own.
func with(r reports.Result, key, value string) reports.Result {
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
func tagger(r reports.Result) reports.Result {
	r.Outcomes, r.Queries = nil, 0
	return r
}

// mixed has results of all kinds: two models, a dataset that only one of them ran, one
// with two runs, one incomplete, one without gold, an interval.
func mixed() []reports.Result {
	interval := result("ollama/small", "stars", 861, 2000, 2000)
	interval.CI = map[string][2]float64{reports.SpanF1: {0.4112, 0.4498}}
	partial := result("ollama/small", "recipes", 10, 20, 30)
	partial.Complete, partial.State = 60, "partial"
	return []reports.Result{
		interval,
		result("ollama/small", "plants", 30, 60, 90),
		with(result("ollama/small", "courts", 10, 40, 60), "seed", "0"),
		with(result("ollama/small", "courts", 20, 40, 60), "seed", "1"),
		partial,
		tagger(result("tagger", "stars", 900, 1500, 2000)),
		tagger(result("tagger", "courts", 0, 0, 60)),
		tagger(result("tagger", "recipes", 0, 7, 0)),
	}
}
