package results

import (
	"reflect"
	"testing"

	"nerbench/ner"
)

func someErrors(key byte) KeptErrors {
	return KeptErrors{StatisticKey{key}, ner.ErrorCounts{
		Classes:   map[string]int{"C": 3, "MIS": 2, "SPU": 0},
		Confusion: []ner.ConfusionCell{{Gold: "café", N: 2}, {Gold: "dish", Pred: "dish", N: 3}},
		Buckets:   []ner.BucketCounts{{Attribute: "eLen", Name: "4 and more", Counts: ner.Score{TP: 3, NPred: 3, NGold: 5}}},
	}}
}

func TestErrorCountsAreReadAsSaved(t *testing.T) {
	ctx := t.Context()
	s := begun(t, testRun("a"), 2)
	must(t, s.Begin(ctx, testRun("b"), 2))
	a, b := testRun("a").ID(), testRun("b").ID()
	check := func(name string, want map[string]KeptErrors) {
		t.Helper()
		r, err := OpenReadOnly(ctx, s.path)
		must(t, err)
		defer r.Close()
		got, err := r.ErrorCounts(ctx)
		must(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if r.SaveErrorCounts(ctx, want) == nil {
			t.Errorf("%s: a store that was opened for reading was written", name)
		}
	}
	check("none", map[string]KeptErrors{})
	must(t, s.SaveErrorCounts(ctx, map[string]KeptErrors{a: someErrors(1), b: someErrors(2), "0123456789abcdef": someErrors(3)}))
	check("saved", map[string]KeptErrors{a: someErrors(1), b: someErrors(2)})
	must(t, s.SaveErrorCounts(ctx, map[string]KeptErrors{a: someErrors(9)}))
	check("saved again", map[string]KeptErrors{a: someErrors(9), b: someErrors(2)})
	must(t, s.Remove(ctx, b))
	check("a run removed", map[string]KeptErrors{a: someErrors(9)})
	must(t, s.Close())
	sound(t, s.path)
}

// TestDamagedErrorCountsAreMissing checks that a changed row is not used.
func TestDamagedErrorCountsAreMissing(t *testing.T) {
	ctx := t.Context()
	for name, damage := range map[string]string{
		"count": `UPDATE error_counts SET counts = replace(counts, '"C":3', '"C":4')`,
		"json":  "UPDATE error_counts SET counts = '{'",
		"key":   "UPDATE error_counts SET key = x'01000000000000000000000000000000'",
		"run":   "UPDATE error_counts SET run = (SELECT number FROM runs WHERE keys LIKE '%\"other\"%')",
	} {
		t.Run(name, func(t *testing.T) {
			s := begun(t, testRun("m"), 2)
			must(t, s.Begin(ctx, testRun("other"), 2))
			must(t, s.SaveErrorCounts(ctx, map[string]KeptErrors{testRun("m").ID(): someErrors(2)}))
			execRaw(t, s.path, damage)
			if got, err := s.ErrorCounts(ctx); err != nil || len(got) > 0 {
				t.Errorf("%v, %v: a damaged row was used", got, err)
			}
		})
	}
}

// TestErrorCountsInAnUpgradedStore checks a store of the schema before them.
func TestErrorCountsInAnUpgradedStore(t *testing.T) {
	path := storeOfSchema(t, 7)
	s := openAt(t, path)
	fresh := newStore(t)
	fillFormer(t, fresh, "dataset")
	if got, want := dumpOf(t, s), dumpOf(t, fresh); got != want {
		t.Errorf("after the upgrade:\n%s\nwant\n%s", got, want)
	}
	run := formerRuns("dataset")[0].ID()
	want := map[string]KeptErrors{run: someErrors(1)}
	must(t, s.SaveErrorCounts(t.Context(), want))
	if got, err := s.ErrorCounts(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	must(t, s.Close())
	sound(t, path)
}
