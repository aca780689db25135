package results

import (
	"testing"

	"nerbench/ner"
)

// TestKeptAnswersAreStoredBeforeTheirPassage checks that answers are in the store without
// their passage, and that the store is in the end as if they had come with it.
func TestKeptAnswersAreStoredBeforeTheirPassage(t *testing.T) {
	const n = 40
	run := testRun("m")
	s := begun(t, run, n)
	w := s.Writer(t.Context(), run.ID())
	for _, p := range testPassages("q", n) {
		for _, a := range p.Answers {
			w.Keep(a)
		}
	}
	awaitAnswers(t, s, testPassages("q", n))
	if got := collect(t, s, run.ID()); len(got) != 0 {
		t.Errorf("%d passages are complete, none was recorded", len(got))
	}
	for _, p := range testPassages("q", n) {
		must(t, w.Record(t.Context(), p, true))
	}
	must(t, w.Close())
	undisturbed := begun(t, run, n)
	must(t, undisturbed.Record(t.Context(), run.ID(), testPassages("q", n), nil))
	if dumpOf(t, s) != dumpOf(t, undisturbed) {
		t.Error("the store differs from one whose answers came with their passages")
	}
	must(t, s.Close())
	sound(t, s.path)
}

// awaitAnswers waits until the store has all answers of passages. The test ends by its
// time-out if they never come.
func awaitAnswers(t *testing.T, s *Store, passages []ner.Passage) {
	t.Helper()
	for _, p := range passages {
		for found := 0; found < len(p.Answers); {
			got, err := s.Cached(t.Context(), keysOfPassage(p))
			must(t, err)
			found = len(got)
		}
	}
}

// TestKeptAnswersRemovedBeforeTheirPassage checks that a passage is stored with all its
// answers if some were stored before it and removed since: no passage referred to them,
// but one of a run that was removed.
func TestKeptAnswersRemovedBeforeTheirPassage(t *testing.T) {
	ctx := t.Context()
	run, other := testRun("m"), testRun("other")
	s := begun(t, run, 2)
	must(t, s.Begin(ctx, other, 2))
	must(t, s.Record(ctx, other.ID(), testPassages("q", 2), nil))
	w := s.Writer(ctx, run.ID())
	early := testPassage("q", 0, threeTypes...)
	for _, a := range early.Answers {
		w.Keep(a)
	}
	// A commit after that of the kept answers: both are of the same writer.
	must(t, w.Record(ctx, testPassage("q", 1, threeTypes...), true))
	for len(collect(t, s, run.ID())) < 1 {
	}
	must(t, s.Remove(ctx, other.ID()))
	if got, err := s.Cached(ctx, keysOfPassage(early)); err != nil || len(got) != 0 {
		t.Fatalf("%d of the kept answers are still there, %v: the test tests nothing", len(got), err)
	}
	must(t, w.Record(ctx, early, true))
	must(t, w.Close())
	if got := collect(t, s, run.ID()); len(got) != 2 {
		t.Errorf("%d passages, want 2", len(got))
	}
	must(t, s.Close())
	sound(t, s.path)
}
