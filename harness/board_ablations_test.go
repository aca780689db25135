package harness

import (
	"maps"
	"math"
	"slices"
	"testing"
)

// TestBoardAblations checks which settings are compared with those of the ranking, and
// that the numbers are those of the runs.
func TestBoardAblations(t *testing.T) {
	with := func(runs []generatedRun, keys map[string]string) []generatedRun {
		for i := range runs {
			runs[i].Keys = maps.Clone(keys)
		}
		return runs
	}
	b := generatedStore(t, slices.Concat(
		lawRuns("ollama/good", 90, 0.8),
		with(lawRuns("ollama/good", 90, 0.3), map[string]string{"temperature": "0.7"}),
		with(lawRuns("ollama/good", 90, 0.79)[:2], map[string]string{"temperature": "1"}),
		with(lawRuns("ollama/good", 90, 0.5), map[string]string{"temperature": "1", "wording": "native"}), // two keys
		with(lawRuns("ollama/good", 40, 0.5), map[string]string{"limit": "40"}),                           // other passages
		lawRuns("ollama/other", 90, 0.6),
	)...)
	board := boardOf(t, b)
	if len(board.Ablations) != 2 {
		t.Fatalf("%d ablations: %+v", len(board.Ablations), board.Ablations)
	}
	f1 := func(slug string) float64 {
		for _, l := range suiteOf(t, board, "law").Ranked {
			if l.Model == slug {
				return l.Means["span_f1"].F1
			}
		}
		return math.NaN()
	}
	hot, two := board.Ablations[0], board.Ablations[1]
	if hot.Model != "ollama-good" || hot.Key != "temperature" || hot.Base != "0" || hot.Value != "0.7" || len(hot.Datasets) != 3 {
		t.Errorf("first %+v", hot)
	}
	if two.Value != "1" || len(two.Datasets) != 2 {
		t.Errorf("second %+v", two)
	}
	if math.Abs(hot.BaseF1-f1("ollama-good")) > 1e-12 {
		t.Errorf("baseline %v, the ranking has %v", hot.BaseF1, f1("ollama-good"))
	}
	if d := hot.F1 - hot.BaseF1; math.Abs(d-hot.Test.Difference) > 1e-12 || d > -0.3 {
		t.Errorf("difference %v of %v and %v", hot.Test.Difference, hot.F1, hot.BaseF1)
	}
	if hot.Test.PAdjusted > 0.05 || hot.Test.PAdjusted < hot.Test.P || two.Test.PAdjusted < 0.05 {
		t.Errorf("p %+v and %+v", hot.Test, two.Test)
	}
	if in := hot.Test.Interval; in == nil || in[0] > hot.Test.Difference || in[1] < hot.Test.Difference {
		t.Errorf("interval %v of %v", in, hot.Test.Difference)
	}
}
