package harness

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"strings"
	"testing"

	"nerbench/harness/compare"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports/site"
	"nerbench/results"
)

// archived returns the archive of all runs of a store.
func archived(t *testing.T, b *Bench) (*Archive, *results.Store, []results.RunInfo) {
	t.Helper()
	store, err := b.ReadStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	runs, err := store.Runs(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.Archive(store, runs), store, runs
}

func answersIn(t *testing.T, a *Archive, run string) []site.Answered {
	t.Helper()
	var all []site.Answered
	for one, err := range a.Answers(t.Context(), run) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// TestArchive checks that the answers of an archive have the stored counts, and that
// their errors differ as compare says.
func TestArchive(t *testing.T) {
	seed := 5
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"}, ner.Plan{Dataset: "sample-law", SamplingSeed: &seed}, ner.Plan{Dataset: "sample-law", Limit: 3})
	a, _, runs := archived(t, b)
	var passages []ner.Document
	for d, err := range a.Passages(t.Context(), "sample-law") {
		if err != nil {
			t.Fatal(err)
		}
		passages = append(passages, d)
	}
	sides := map[string][]site.Answered{}
	for _, r := range runs {
		all := answersIn(t, a, r.ID)
		sides[r.ID] = all
		var sum ner.Score
		for i, one := range all {
			sum = sum.Add(one.Score)
			if one.Document != passages[i].ID || one.Text != passages[i].Text {
				t.Errorf("run %s: answer %d is about %s", r.ID, i, one.Document)
			}
			missed, spurious := 0, 0
			for _, e := range one.Errors {
				if e.Class != site.Spurious {
					missed++
				}
				if e.Class != site.Missed {
					spurious++
				}
			}
			if s := one.Score; missed != s.NGold-s.TP || spurious != s.NPred-s.TP {
				t.Errorf("run %s, %s: %d missed, %d spurious, the score is %+v", r.ID, one.Document, missed, spurious, s)
			}
		}
		if want := r.Scores.Metrics["span_f1"].Total; sum != want || len(all) != r.Complete {
			t.Errorf("run %s: the counts of %d passages are %+v, the stored ones %+v of %d", r.ID, len(all), sum, want, r.Complete)
		}
	}
	ds, _, err := b.Compare(t.Context(), CompareRequest{A: ids[0], B: ids[1], Metric: "span_f1", By: metrics.By{Types: true}})
	if err != nil {
		t.Fatal(err)
	}
	flips, _ := compare.New("span_f1", ds, compare.Settings{}).Flips()
	want := compare.CountFlips(flips)
	var got compare.FlipCounts
	for i := range sides[ids[0]] {
		x, y := sides[ids[0]][i].Errors, sides[ids[1]][i].Errors
		got.OnlyB += only(x, y, true)
		got.OnlyA += only(y, x, true)
		got.SpuriousA += only(x, y, false)
		got.SpuriousB += only(y, x, false)
	}
	if got != want || want == (compare.FlipCounts{}) {
		t.Errorf("flips are %+v, compare has %+v", got, want)
	}
}

// only counts the missed gold entities, or the wrong predictions, that one side has and
// the other has not.
func only(own, other []site.Error, missed bool) int {
	has := func(list []site.Error) map[ner.Span]bool {
		out := map[ner.Span]bool{}
		for _, e := range list {
			if missed && e.Class != site.Spurious {
				out[e.Gold] = true
			}
			if !missed && e.Class != site.Missed {
				out[e.Predicted] = true
			}
		}
		return out
	}
	n, theirs := 0, has(other)
	for s := range has(own) {
		if !theirs[s] {
			n++
		}
	}
	return n
}

// TestArchiveWithoutData checks that runs without data are left out, with a note.
func TestArchiveWithoutData(t *testing.T) {
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"})
	_, store, runs := archived(t, b)
	var notes []string
	b.Notify = func(e Event) { notes = append(notes, e.Note) }
	runs[0].Keys["data"] = "0123456789abcdef"
	a := b.Archive(store, runs)
	for _, err := range a.Passages(t.Context(), "sample-law") {
		if !errors.Is(err, site.ErrNoPassages) {
			t.Errorf("error is %v", err)
		}
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "sample-law") {
		t.Errorf("notes are %q", notes)
	}
	for _, err := range b.Archive(store, nil).Answers(t.Context(), ids[0]) {
		if !errors.Is(err, site.ErrNoPassages) {
			t.Errorf("error is %v", err)
		}
	}
}

// TestArchiveStops checks that a reader may stop early.
func TestArchiveStops(t *testing.T) {
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"})
	a, _, _ := archived(t, b)
	n := 0
	for _, err := range a.Answers(t.Context(), ids[0]) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d answers", n)
	}
}

// TestPredictedErrors: the predictions of a submission without answers are read once, for
// its answers and for its errors, and stopping early counts nothing.
func TestPredictedErrors(t *testing.T) {
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"})
	var all []ner.ErrorCounts
	for _, answersFirst := range []bool{false, true} {
		a, _, _ := archived(t, b)
		read := 0
		predicted := func(_ context.Context, docs iter.Seq2[*ner.Document, error]) iter.Seq2[PredictedPassage, error] {
			read++
			return func(yield func(PredictedPassage, error) bool) {
				for d, err := range docs { // no entity is found
					if err != nil {
						yield(PredictedPassage{}, err)
						return
					}
					if !yield(PredictedPassage{Document: d, Passage: &metrics.Passage{Text: d.Text, Gold: d.Spans}, Outcomes: []ner.Outcome{ner.Empty}}, nil) {
						return
					}
				}
			}
		}
		a.submissions = &Repository{Runs: map[string]Submitted{ids[0]: {Predicted: predicted}}}
		want := 1
		if answersFirst {
			for range a.Answers(t.Context(), ids[0]) {
				break
			}
			if len(a.errors.known) > 0 {
				t.Error("errors of a part are kept")
			}
			answersIn(t, a, ids[0])
			want = 2
		}
		counts, err := a.Errors(t.Context(), ids[0])
		if err != nil || counts == nil || read != want || counts.Classes["MIS"] == 0 || counts.Classes["C"]+counts.Classes["SPU"] > 0 {
			t.Fatalf("%+v, %v, read %d times", counts, err, read)
		}
		all = append(all, *counts)
	}
	if !reflect.DeepEqual(all[0], all[1]) {
		t.Errorf("errors are %+v, after the answers %+v", all[0], all[1])
	}
}
