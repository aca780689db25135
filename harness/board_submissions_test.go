package harness

import (
	"testing"
	"time"

	"nerbench/results"
)

// TestSubmittedRunsInOneOrder: runs are verified on several processors, so that a build writes
// them in any order and at any time; the board is the same.
func TestSubmittedRunsInOneOrder(t *testing.T) {
	r := Repository{Runs: map[string]Submitted{"a": {}, "b": {}}}
	now := time.Now()
	for _, runs := range [][]results.RunInfo{
		{{ID: "b", Created: now}, {ID: "other"}, {ID: "a", Updated: now}},
		{{ID: "other"}, {ID: "a"}, {ID: "b", Updated: now}},
	} {
		kept := r.keepSubmitted(runs)
		if len(kept) != 2 || kept[0].ID != "a" || kept[1].ID != "b" {
			t.Fatalf("kept %+v", kept)
		}
		for _, run := range kept {
			if !run.Created.IsZero() || !run.Updated.IsZero() {
				t.Errorf("%s has a time: %v, %v", run.ID, run.Created, run.Updated)
			}
		}
	}
}
