package harness

import (
	"maps"
	"path/filepath"
	"reflect"
	"testing"

	"nerbench/answers"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
)

// pageErrors returns the errors of a run as pages have them, and keeps them.
func pageErrors(t *testing.T, b *Bench, run string) *ner.ErrorCounts {
	t.Helper()
	a, _, _ := archived(t, b)
	counts, err := a.Errors(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	a.Keep(t.Context())
	return counts
}

// keptErrors returns the errors that the store has of a run.
func keptErrors(t *testing.T, b *Bench, run string) (kept results.KeptErrors, there bool) {
	t.Helper()
	store, err := b.ReadStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	all, err := store.ErrorCounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept, there = all[run]
	return kept, there
}

// changeKept changes the errors that the store has of a run.
func changeKept(t *testing.T, b *Bench, run string, change func(*results.KeptErrors)) {
	t.Helper()
	kept, _ := keptErrors(t, b, run)
	change(&kept)
	store, err := b.OpenStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.SaveErrorCounts(t.Context(), map[string]results.KeptErrors{run: kept}); err != nil {
		t.Fatal(err)
	}
}

// TestErrorCountsAddUp checks the identities of docs/spec/metrics.md §5 and §11.
func TestErrorCountsAddUp(t *testing.T) {
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"}, ner.Plan{Dataset: "sample-social-media"})
	_, store, _ := archived(t, b)
	for _, id := range ids {
		run, err := store.Find(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		want := run.Scores.Metrics["span_f1"].Total
		e := pageErrors(t, b, id)
		c := e.Classes
		pairs := c["C"] + c["T"] + c["B"] + c["BT"]
		if got := (ner.Score{TP: c["C"], NPred: pairs + c["SPU"], NGold: pairs + c["MIS"]}); got != want || c["C"] == want.NGold {
			t.Errorf("classes %v, the score is %+v", c, want)
		}
		n := 0
		for _, cell := range e.Confusion {
			n += cell.N
		}
		if n != pairs+c["MIS"]+c["SPU"] {
			t.Errorf("confusion %v has %d entities, the classes are %v", e.Confusion, n, c)
		}
		sums := map[string]ner.Score{}
		for _, bucket := range e.Buckets {
			sums[bucket.Attribute] = sums[bucket.Attribute].Add(bucket.Counts)
		}
		if !maps.Equal(sums, map[string]ner.Score{"eLen": want, "sLen": want, "eDen": want}) {
			t.Errorf("buckets add up to %v, want %v", sums, want)
		}
	}
}

// TestErrorCountsAreKept checks that the counts of the store are used, and when they are
// not.
func TestErrorCountsAreKept(t *testing.T) {
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"})
	want := pageErrors(t, b, ids[0])
	mark := func(kept *results.KeptErrors) { kept.Counts.Classes["C"] = 12345 }
	changeKept(t, b, ids[0], mark)
	if got := pageErrors(t, b, ids[0]); got.Classes["C"] != 12345 {
		t.Errorf("computed again: %v", got.Classes)
	}
	_, store, runs := archived(t, b)
	for name, key := range map[string]results.StatisticKey{
		"other parser": errorsKey(runs[0], answersOfStore(runs[0]), "0", metrics.Version), "other metric": errorsKey(runs[0], answersOfStore(runs[0]), answers.Version, "0"),
		"other marks of thinking": errorsKey(results.RunInfo{ID: runs[0].ID, Keys: runs[0].Keys, Complete: runs[0].Complete, Updated: runs[0].Updated, Scores: runs[0].Scores,
			Facts: map[string]string{"thinking_marks": `["<a>","</a>"]`}}, answersOfStore(runs[0]), answers.Version, metrics.Version),
	} {
		changeKept(t, b, ids[0], func(kept *results.KeptErrors) { mark(kept); kept.Key = key })
		if got := pageErrors(t, b, ids[0]); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if kept, _ := keptErrors(t, b, ids[0]); kept.Key != errorsKey(runs[0], answersOfStore(runs[0]), answers.Version, metrics.Version) {
			t.Errorf("%s: the new counts are not kept", name)
		}
	}
	changeKept(t, b, ids[0], mark)
	again := b.Archive(store, runs) // the parsing for the pages does not replace them
	for _, err := range again.Answers(t.Context(), ids[0]) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, err := again.Errors(t.Context(), ids[0]); err != nil || got.Classes["C"] != 12345 {
		t.Errorf("computed again: %v, %v", got, err)
	}
}

// TestErrorCountsOfTheSamePass checks that the pass over the answers of a run counts its
// errors, too, and only a whole pass.
func TestErrorCountsOfTheSamePass(t *testing.T) {
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"})
	a, _, _ := archived(t, b)
	for range a.Answers(t.Context(), ids[0]) {
		break
	}
	if len(a.errors.fresh) > 0 {
		t.Errorf("a part of a pass was counted: %v", a.errors.fresh)
	}
	for range a.Answers(t.Context(), ids[0]) {
	}
	own, _, _ := archived(t, b)
	want, err := own.Errors(t.Context(), ids[0])
	if got := a.errors.fresh[ids[0]].Counts; err != nil || !reflect.DeepEqual(&got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

// TestErrorCountsOfMoreAnswers checks that further answers change the counts.
func TestErrorCountsOfMoreAnswers(t *testing.T) {
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"})
	whole := pageErrors(t, b, ids[0])
	_, store, runs := archived(t, b)
	var passages []ner.Passage
	for p, err := range store.Passages(t.Context(), ids[0]) {
		if err != nil {
			t.Fatal(err)
		}
		passages = append(passages, p)
	}
	part := &Bench{Store: filepath.Join(t.TempDir(), "results.db")}
	own, err := results.Open(t.Context(), part.Store, results.Create)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	record := func(passages []ner.Passage) {
		if err := own.Record(t.Context(), ids[0], passages, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := own.Begin(t.Context(), ner.Run{Keys: runs[0].Keys}, len(passages)); err != nil {
		t.Fatal(err)
	}
	if got := pageErrors(t, part, ids[0]); got != nil {
		t.Errorf("errors of a run without answers: %v", got)
	}
	record(passages[:5])
	if got := pageErrors(t, part, ids[0]); got == nil || reflect.DeepEqual(got, whole) {
		t.Errorf("errors of five passages: %v, of all %v", got, whole)
	}
	record(passages[5:])
	if got := pageErrors(t, part, ids[0]); !reflect.DeepEqual(got, whole) {
		t.Errorf("errors of all passages: %v, want %v", got, whole)
	}
}

// TestErrorCountsAreNotKeptByReaders checks a bench that may not write, and runs whose
// data is missing.
func TestErrorCountsAreNotKeptByReaders(t *testing.T) {
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"})
	b.ReadOnly = true
	if got := pageErrors(t, b, ids[0]); got == nil {
		t.Error("no errors")
	}
	if _, there := keptErrors(t, b, ids[0]); there {
		t.Error("the store was written")
	}
	generated := generatedStore(t, lawRuns("ollama/a", 5, 0.5)...)
	a, _, all := archived(t, generated)
	for _, r := range all {
		if got, err := a.Errors(t.Context(), r.ID); err != nil || got != nil {
			t.Errorf("without data: %v, %v", got, err)
		}
	}
	if got, err := a.Repairs(t.Context(), "mapa-fine"); err != nil || got != nil {
		t.Errorf("repairs without data: %v, %v", got, err)
	}
}
