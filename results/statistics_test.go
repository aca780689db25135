package results

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"nerbench/ner"
)

func TestStatisticsAreReadAsSaved(t *testing.T) {
	ctx := t.Context()
	s := newStore(t)
	tests := map[StatisticKey]PairTest{
		{1}:    {Count: 3, Tried: 9999, Spread: 0.0125},
		{2, 9}: {Count: 2, Tried: 16, Exact: true},
	}
	intervals := map[StatisticKey]Interval{{1}: {0.25, 0.5}, {3}: {0, 1}}
	must(t, s.SavePairTests(ctx, tests))
	must(t, s.SaveIntervals(ctx, intervals))
	keys := []StatisticKey{{1}, {2, 9}, {3}, {4}}
	for name, reader := range map[string]func() (*Store, error){
		"writer": func() (*Store, error) { return s, nil },
		"reader": func() (*Store, error) { return OpenReadOnly(ctx, s.path) },
	} {
		r, err := reader()
		must(t, err)
		gotTests, err := r.PairTests(ctx, keys)
		must(t, err)
		gotIntervals, err := r.Intervals(ctx, keys)
		must(t, err)
		if !maps.Equal(gotTests, tests) || !maps.Equal(gotIntervals, intervals) {
			t.Errorf("%s: %v and %v, want %v and %v", name, gotTests, gotIntervals, tests, intervals)
		}
		if name == "reader" {
			if err := r.SavePairTests(ctx, tests); err == nil {
				t.Error("a store that was opened for reading was written")
			}
			must(t, r.Close())
		}
	}
	changed := map[StatisticKey]PairTest{{1}: {Count: 4, Tried: 9999}}
	must(t, s.SavePairTests(ctx, changed))
	got, err := s.PairTests(ctx, keys[:1])
	must(t, err)
	if !maps.Equal(got, changed) {
		t.Errorf("saved again: %v, want %v", got, changed)
	}
}

// TestDamagedStatisticsAreMissing checks that a changed row is not used.
func TestDamagedStatisticsAreMissing(t *testing.T) {
	ctx := t.Context()
	for name, damage := range map[string]string{
		"count":  "UPDATE pair_tests SET count = count + 1",
		"key":    "UPDATE pair_tests SET key = x'01000000000000000000000000000000'",
		"spread": "UPDATE pair_tests SET spread = 0.5",
		"low":    "UPDATE intervals SET low = 0.5",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			must(t, s.SavePairTests(ctx, map[StatisticKey]PairTest{{2}: {Count: 3, Tried: 9}}))
			must(t, s.SaveIntervals(ctx, map[StatisticKey]Interval{{2}: {0.25, 0.75}}))
			execRaw(t, s.path, damage)
			keys := []StatisticKey{{1}, {2}}
			tests, err := s.PairTests(ctx, keys)
			must(t, err)
			intervals, err := s.Intervals(ctx, keys)
			must(t, err)
			if len(tests)+len(intervals) != 1 { // that of the other table
				t.Errorf("%v, %v: a damaged row was used", tests, intervals)
			}
		})
	}
}

func TestCostIsKeptUntilTheRunChanges(t *testing.T) {
	ctx := t.Context()
	run := testRun("m")
	s := begun(t, run, 3)
	passages := testPassages("q", 3)
	passages[1].Answers[0].Completion.PromptTokens = 0
	passages[1].Answers[1].Completion = ner.Completion{Finish: ner.FinishTooLong}
	must(t, s.Record(ctx, run.ID(), passages[:2], nil))
	want := Cost{Queries: 6, Uncounted: 1, PromptTokens: 100 + 101 + 102 + 0 + 0 + 102, AnswerTokens: 5 * 7, Duration: 5 * 20 * time.Millisecond}
	check := func(name string, wantKept bool) {
		t.Helper()
		got, kept, err := s.Cost(ctx, run.ID())
		must(t, err)
		if got != want || kept != wantKept {
			t.Errorf("%s: %+v, kept %v, want %+v, %v", name, got, kept, want, wantKept)
		}
	}
	check("first", false)
	info, err := s.Find(ctx, run.ID())
	must(t, err)
	must(t, s.SaveCost(ctx, info, want))
	check("kept", true)
	execRaw(t, s.path, "UPDATE costs SET prompt_tokens = 1")
	check("damaged", false)
	must(t, s.SaveCost(ctx, info, want))
	must(t, s.Record(ctx, run.ID(), passages[2:], nil))
	want = Cost{Queries: 9, Uncounted: 1, PromptTokens: want.PromptTokens + 303, AnswerTokens: want.AnswerTokens + 21, Duration: want.Duration + 60*time.Millisecond}
	check("more passages", false)
	must(t, s.SaveCost(ctx, info, Cost{})) // of a state that is gone
	check("an old sum", false)
	must(t, s.Remove(ctx, run.ID()))
	if n := contents(t, s.path, "SELECT count(*) FROM costs"); n != "0" {
		t.Errorf("%s costs of a removed run remain", n)
	}
}

// TestStatisticsInAnUpgradedStore checks a store of the schema before the statistics.
func TestStatisticsInAnUpgradedStore(t *testing.T) {
	path := storeOfSchema(t, 6)
	s := openAt(t, path)
	fresh := newStore(t)
	fillFormer(t, fresh, "dataset")
	if got, want := dumpOf(t, s), dumpOf(t, fresh); got != want {
		t.Errorf("after the upgrade:\n%s\nwant\n%s", got, want)
	}
	run := formerRuns("dataset")[0].ID()
	got, err := s.Find(t.Context(), run)
	must(t, err)
	want, err := fresh.Find(t.Context(), run)
	must(t, err)
	if !reflect.DeepEqual(got.Scores, want.Scores) {
		t.Errorf("scores %+v, want %+v", got.Scores, want.Scores)
	}
	must(t, s.SavePairTests(t.Context(), map[StatisticKey]PairTest{{1}: {Tried: 1}}))
	must(t, s.Close())
	sound(t, path)
}
