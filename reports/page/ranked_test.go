package page

import (
	"slices"
	"testing"

	"nerbench/ner"
	"nerbench/reports"
)

// TestPartialRunsStandBehind checks that a run on the first passages of a split does not
// stand above whole ones.
func TestPartialRunsStandBehind(t *testing.T) {
	result := func(model, limit string, tp int) reports.Result {
		return reports.Result{
			ID: model, Keys: map[string]string{"model": model, "dataset": "d", "limit": limit}, Passages: 10, Complete: 10, SplitPassages: 10,
			Scores: map[string]ner.Score{reports.SpanF1: {TP: tp, NPred: 10, NGold: 10}},
		}
	}
	d, err := newData(Report{Results: []reports.Result{result("first", "10", 9), result("worse", "", 3), result("better", "", 5)}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range d.systems {
		names = append(names, s.Name)
	}
	if want := []string{"better", "worse", "first"}; !slices.Equal(names, want) {
		t.Errorf("systems %v, want %v", names, want)
	}
}
