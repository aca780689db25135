package paper

import (
	"nerbench/ner"
	"nerbench/reports"
)

// benchmark is a small benchmark of invented datasets.
func benchmark() []reports.DatasetInfo {
	return []reports.DatasetInfo{
		{ID: "stars", Title: "Stars", Domain: "science"},
		{ID: "courts", Title: "Courts", Domain: "law"},
		{ID: "wards", Title: "Wards", Domain: "clinics", Absent: "needs an agreement"},
	}
}

// result is a complete run. keys are names and values of further keys.
func result(model, dataset string, tp, nPred, nGold int, keys ...string) reports.Result {
	r := reports.Result{
		ID:    model + "." + dataset,
		Keys:  map[string]string{"model": model, "dataset": dataset, "split": "test", "family": "uniner"},
		State: "complete", Passages: 100, Complete: 100, Queries: 400,
		Outcomes: map[ner.Outcome]int{ner.OK: 400},
		Scores: map[string]ner.Score{
			reports.SpanF1:   {TP: tp, NPred: nPred, NGold: nGold},
			reports.UninerF1: {TP: min(tp+1, nPred, nGold), NPred: nPred, NGold: nGold},
		},
	}
	for i := 0; i < len(keys); i += 2 {
		r.Keys[keys[i]] = keys[i+1]
		r.ID += "." + keys[i+1]
	}
	return r
}
