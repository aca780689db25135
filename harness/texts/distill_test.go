package texts_test

import (
	"strings"
	"testing"

	"nerbench/distill"
	"nerbench/harness"
	"nerbench/harness/texts"
)

// TestTrainingWithoutNegatives: data without negatives says why there are none.
func TestTrainingWithoutNegatives(t *testing.T) {
	for name, tc := range map[string]struct {
		settings  distill.Settings
		negatives int
		told      bool
	}{
		"none are wanted": {distill.Settings{Negatives: "none", Ratio: 1}, 0, false},
		"a ratio of 0":    {distill.Settings{Negatives: "uniform"}, 0, false},
		"some":            {distill.Settings{Negatives: "uniform", Ratio: 1}, 2, false},
		"no other types":  {distill.Settings{Negatives: "uniform", Ratio: 1}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := texts.WriteTraining(&out, "set", &distill.Build{Settings: tc.settings, Counts: distill.Counts{Negatives: tc.negatives}}); err != nil {
				t.Fatal(err)
			}
			if told := strings.Contains(out.String(), "no negatives: "); told != tc.told {
				t.Errorf("printed:\n%s", &out)
			}
		})
	}
}

// TestPlanWithoutTokens: a price is no help if the teacher does not report its tokens.
func TestPlanWithoutTokens(t *testing.T) {
	var out strings.Builder
	if err := texts.WriteConstructed(&out, &harness.Constructed{Plan: &harness.ConstructPlan{Probed: 4, Left: 5}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"tokens: an unknown number in prompts, an unknown number in answers\n", "money: an unknown sum (the teacher does not report the number of its tokens)\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
}

// TestFinishedPlan: nothing is estimated if nothing is left.
func TestFinishedPlan(t *testing.T) {
	for left, want := range map[int]bool{0: false, 5: true} {
		var out strings.Builder
		if err := texts.WriteConstructed(&out, &harness.Constructed{Plan: &harness.ConstructPlan{Probed: 4, Left: left}}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "money"); got != want {
			t.Errorf("%d left:\n%s", left, &out)
		}
	}
}
