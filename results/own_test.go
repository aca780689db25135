package results

import (
	"path/filepath"
	"testing"

	"nerbench/ner"
)

// cachedBy is the number of a passage's answers that a writer finds.
func cachedBy(t *testing.T, w *Writer, p ner.Passage) int {
	t.Helper()
	found, err := w.Cached(t.Context(), keysOfPassage(p))
	must(t, err)
	return len(found)
}

// TestWritersFindStoredAnswers: a writer finds the answers of its own run, of other runs
// of the same open store, of earlier ones of the model, also under another name, and those
// of a killed process that has recorded no passage.
func TestWritersFindStoredAnswers(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "results.db")
	p := testPassage("q", 0, threeTypes...)
	named := func(model string) ner.Run {
		r := testRun(model)
		r.Keys["digest"] = "sha256:0123"
		return r
	}
	find := func(s *Store, run ner.Run, want bool) *Writer {
		t.Helper()
		must(t, s.Begin(ctx, run, 2))
		w := s.Writer(ctx, run.ID())
		if got, err := w.alone(); err != nil || got != want {
			t.Errorf("run of %s: alone %t, %v, want %t", run.Keys["model"], got, err, want)
		}
		return w
	}

	s, err := Open(ctx, path, Create)
	must(t, err)
	w := find(s, named("m"), true)
	if n := cachedBy(t, w, p); n != 0 {
		t.Errorf("%d answers in an empty store", n)
	}
	for _, a := range p.Answers {
		w.Keep(a)
	}
	must(t, w.Close()) // as if it were killed: no passage is recorded
	for what, run := range map[string]ner.Run{"the run itself": named("m"), "another run of the store": named("later")} {
		must(t, s.Begin(ctx, run, 2))
		w := s.Writer(ctx, run.ID())
		if n := cachedBy(t, w, p); n != len(p.Answers) {
			t.Errorf("%s: %d of %d answers", what, n, len(p.Answers))
		}
		must(t, w.Close())
	}
	must(t, s.Close())

	s = openAt(t, path)
	for what, run := range map[string]ner.Run{"resumed": named("m"), "another name": named("other")} {
		w := find(s, run, false)
		if n := cachedBy(t, w, p); n != len(p.Answers) {
			t.Errorf("%s: %d of %d answers", what, n, len(p.Answers))
		}
		must(t, w.Close())
	}
	another := testRun("m")
	another.Keys["digest"] = "sha256:4567"
	must(t, find(s, another, true).Close())
}

// TestContinuedByAnother: a run that this open store has added, and another process has
// continued, has the answers of both.
func TestContinuedByAnother(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "results.db")
	s, err := Open(ctx, path, Create)
	must(t, err)
	defer s.Close()
	other := openAt(t, path)
	run, p := testRun("m"), testPassage("q", 0, threeTypes...)
	for i, store := range []*Store{s, other, s} {
		must(t, store.Begin(ctx, run, 2))
		w := store.Writer(ctx, run.ID())
		if n := cachedBy(t, w, p); n != i {
			t.Errorf("begun %d times before: %d answers, want %d", i, n, i)
		}
		w.Keep(p.Answers[i])
		must(t, w.Close())
		must(t, store.End(ctx, run.ID()))
	}
}

// TestFilter: a key that was added is never missing, and others mostly are.
func TestFilter(t *testing.T) {
	var f filter
	key := func(i int) ner.AnswerKey { return testPassage("q", i, "a").Answers[0].Key }
	const n = 2000
	for i := range n {
		f.add(key(i))
	}
	wrong := 0
	for i := range n {
		if !f.mayHave(key(i)) {
			t.Fatalf("key %d is missing", i)
		}
		if f.mayHave(key(n + i)) {
			wrong++
		}
	}
	if wrong > n/100 {
		t.Errorf("%d of %d keys are held possible", wrong, n)
	}
}
