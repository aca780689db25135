package results

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"nerbench/ner"
)

func TestRemoveKeepsSharedAnswers(t *testing.T) {
	ctx := t.Context()
	one, two, third := testRun("one"), testRun("two"), testRun("third")
	// The content of the store without the run that will be removed.
	without := begun(t, two, 3)
	must(t, without.Record(ctx, two.ID(), testPassages("q", 3), nil))
	must(t, without.Begin(ctx, third, 1))
	must(t, without.Record(ctx, third.ID(), nil, []ner.Passage{testPassage("part", 0, "a")}))

	s := begun(t, one, 5)
	must(t, s.Record(ctx, one.ID(), append(testPassages("q", 4), testPassage("own", 4, "x", "y")), nil))
	must(t, s.SaveScores(ctx, one.ID(), Scores{Passages: 5, Metrics: map[string]MetricScore{"span_f1": {Passages: make([]ner.Score, 5)}}}))
	must(t, s.Begin(ctx, two, 3))
	must(t, s.Record(ctx, two.ID(), testPassages("q", 3), nil))
	must(t, s.Begin(ctx, third, 1))
	must(t, s.Record(ctx, third.ID(), nil, []ner.Passage{testPassage("part", 0, "a")}))

	must(t, s.Remove(ctx, one.ID()))
	if got, want := dumpOf(t, s), dumpOf(t, without); got != want {
		t.Errorf("after the removal:\n%s\nwant\n%s", got, want)
	}
	if err := s.Remove(ctx, one.ID()); !errors.Is(err, ErrNoRun) {
		t.Errorf("removed again: %v", err)
	}
	must(t, s.Remove(ctx, two.ID()))
	must(t, s.Remove(ctx, third.ID()))
	if got := dumpOf(t, s); got != "" {
		t.Errorf("after all removals:\n%s", got)
	}
	must(t, s.Close())
	sound(t, s.path)
}

// TestRemovalInParts checks that each transaction removes only some passages and
// leaves a consistent run, so that the process may end at any time.
func TestRemovalInParts(t *testing.T) {
	const n = removalBatch + 10
	ctx := t.Context()
	run := testRun("m")
	s := begun(t, run, n)
	must(t, s.Record(ctx, run.ID(), testPassages("q", n-1), []ner.Passage{testPassage("part", n-1, "a")}))
	must(t, s.SaveScores(ctx, run.ID(), someScores(n-1)))
	for left := n - removalBatch; left > -removalBatch; left -= removalBatch {
		left = max(left, 0)
		gone := part(t, s, run.ID())
		info, err := s.Find(ctx, run.ID())
		must(t, err)
		if gone || info.Complete != left || info.Queries != 3*left || info.Scores.Metrics != nil {
			t.Fatalf("removed: %v, remaining %d passages, %d queries, scores %v, want %d passages without scores", gone, info.Complete, info.Queries, info.Scores, left)
		}
		if got := collect(t, s, run.ID()); len(got) != left {
			t.Errorf("%d passages were read, want %d", len(got), left)
		}
	}
	if _, err := s.Find(ctx, run.ID()); !part(t, s, run.ID()) || err != nil {
		t.Errorf("the run was not removed last: %v", err)
	}
	if _, err := s.Find(ctx, run.ID()); !errors.Is(err, ErrNoRun) {
		t.Errorf("the run still exists: %v", err)
	}

	// The process ends here. The next removal also removes the answers.
	other := testRun("other")
	must(t, s.Begin(ctx, other, 1))
	must(t, s.Remove(ctx, other.ID()))
	if got := dumpOf(t, s); got != "" {
		t.Errorf("remaining:\n%.500s", got)
	}
	must(t, s.Close())
	sound(t, s.path)
}

// part is one transaction of a removal.
func part(t *testing.T, s *Store, run string) (gone bool) {
	t.Helper()
	tx, err := s.write.Begin()
	must(t, err)
	defer tx.Rollback()
	gone, err = removePassages(t.Context(), tx, run)
	must(t, err)
	must(t, tx.Commit())
	return gone
}

// TestAnswersRecordedDuringARemovalStay records an answer that is scheduled for
// removal again, before or after the passages were read.
func TestAnswersRecordedDuringARemovalStay(t *testing.T) {
	ctx := t.Context()
	one, two := testRun("one"), testRun("two")
	record := func(s *Store) {
		must(t, s.Begin(ctx, two, 3))
		must(t, s.Record(ctx, two.ID(), testPassages("q", 2), []ner.Passage{testPassage("q", 2, "dish")}))
	}
	again := func(s *Store) { // then the answers have other numbers
		record(s)
		part(t, s, two.ID())
		part(t, s, two.ID())
		record(s)
	}
	for name, tc := range map[string]struct {
		before, after func(*Store)
	}{
		"before":          {record, func(*Store) {}},
		"after":           {func(*Store) {}, record},
		"removed between": {func(*Store) {}, again},
	} {
		t.Run(name, func(t *testing.T) {
			s := begun(t, one, 5)
			must(t, s.Record(ctx, one.ID(), testPassages("q", 5), nil))
			part(t, s, one.ID())
			part(t, s, one.ID())

			tc.before(s)
			free, used, err := s.unused(ctx)
			must(t, err)
			tc.after(s)
			must(t, removeAnswers(ctx, s.write, free, used))

			want := newStore(t)
			record(want)
			if got, want := dumpOf(t, s), dumpOf(t, want); got != want {
				t.Errorf("after the removal:\n%s\nwant\n%s", got, want)
			}
			sound(t, s.path)
		})
	}
}

// TestRemovalBesideAWriter uses two connections, like two processes.
func TestRemovalDuringWrites(t *testing.T) {
	const n = removalBatch + 10
	one, two := testRun("one"), testRun("two")
	s := begun(t, one, n)
	must(t, s.Record(t.Context(), one.ID(), testPassages("q", n), nil))
	other := openAt(t, s.path)
	must(t, other.Begin(t.Context(), two, n))
	written := make(chan error, 1)
	go func() {
		w := other.Writer(context.Background(), two.ID())
		for _, p := range testPassages("q", n) { // the same answers that are removed
			if err := w.Record(context.Background(), p, true); err != nil {
				break // Close returns it
			}
		}
		written <- w.Close()
	}()
	err := s.Remove(t.Context(), one.ID())
	must(t, errors.Join(err, <-written))

	want := begun(t, two, n)
	must(t, want.Record(t.Context(), two.ID(), testPassages("q", n), nil))
	if dumpOf(t, s) != dumpOf(t, want) {
		t.Error("the store differs from one without the removed run")
	}
	sound(t, s.path)
}

// BenchmarkRemove removes a run of 10,000 passages with 1,000 layouts, and one of
// four times the size. "ratio" is the time per passage of the large run divided by
// that of the small one: 1 if the time is linear.
func BenchmarkRemove(b *testing.B) {
	const small, times = 10_000, 4
	var seconds [2]float64
	for range b.N {
		for i, n := range [...]int{small, times * small} {
			s := storeOfLayouts(b, n)
			start := b.Elapsed()
			b.StartTimer()
			must(b, s.Remove(b.Context(), testRun("m").ID()))
			b.StopTimer()
			seconds[i] += (b.Elapsed() - start).Seconds()
			must(b, s.Close())
		}
	}
	b.ReportMetric(seconds[1]/float64(b.N), "s-large")
	b.ReportMetric(seconds[0]/float64(b.N), "s-small")
	b.ReportMetric(seconds[1]/seconds[0]/times, "ratio")
}

// storeOfLayouts makes a store with one run and ten passages per layout, and stops
// the benchmark's timer.
func storeOfLayouts(b *testing.B, n int) *Store {
	b.Helper()
	b.StopTimer()
	s := openAt(b, filepath.Join(b.TempDir(), "results.db"))
	must(b, s.Begin(b.Context(), testRun("m"), n))
	for first := 0; first < n; first += 1000 {
		passages := make([]ner.Passage, 1000)
		for i := range passages {
			own := ner.EntityType(fmt.Sprintf("type %d", (first+i)/10))
			passages[i] = testPassage("q", first+i, own, "a")
		}
		must(b, s.Record(b.Context(), testRun("m").ID(), passages, nil))
	}
	return s
}
