package harness

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"nerbench/datasets"
	"nerbench/ner"
)

// ranSamples is a bench with runs of the tagger on embedded samples, and their ids.
func ranSamples(t *testing.T, requests ...ner.Plan) (*Bench, []string) {
	t.Helper()
	b := &Bench{Store: filepath.Join(t.TempDir(), "results.db")}
	var ids []string
	for _, p := range requests {
		p.Model = "tagger"
		summary, err := b.Run(t.Context(), Request{Plan: p})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, summary.Runs[0].Run)
	}
	return b, ids
}

// TestErrorsAddUp checks that the errors of a run are those that its score counts.
func TestErrorsAddUp(t *testing.T) {
	for _, dataset := range []string{"sample-law", "sample-biomed", "sample-social-media"} {
		t.Run(dataset, func(t *testing.T) {
			b, ids := ranSamples(t, ner.Plan{Dataset: dataset})
			found, err := b.Errors(t.Context(), ErrorsRequest{Run: ids[0]})
			if err != nil {
				t.Fatal(err)
			}
			store, err := b.ReadStore(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			run, err := store.Find(t.Context(), ids[0])
			if err != nil {
				t.Fatal(err)
			}
			want := run.Scores.Metrics["span_f1"].Total
			n := found.Counts
			pairs := n[KindBoundary] + n[KindType] + n[KindBoth]
			if missed, spurious := want.NGold-want.TP, want.NPred-want.TP; n[KindMissed]+pairs != missed || n[KindSpurious]+pairs != spurious {
				t.Errorf("errors are %v, the score is %+v", n, want)
			}
			if missed := want.NGold - want.TP; missed == 0 || found.Wrong == 0 || len(found.List) != found.Wrong || found.Passages != run.Passages {
				t.Errorf("%d of %d passages are wrong, %d listed", found.Wrong, found.Passages, len(found.List))
			}
			if dataset, err := b.FindDataset(dataset); err != nil || found.Page(false).WithoutText == dataset.MayShow(datasets.PublishText) || found.Page(true).WithoutText {
				t.Errorf("text on the page: %v without permission, %v with it, %v", !found.Page(false).WithoutText, !found.Page(true).WithoutText, err)
			}
			right := 0
			listed := map[ErrorKind]int{}
			for _, w := range found.List {
				for _, e := range w.Errors {
					listed[e.Kind]++
				}
				right += len(w.Others)
			}
			for _, kind := range ErrorKinds {
				if listed[kind] != n[kind] {
					t.Errorf("%d errors of kind %s are listed, %d counted", listed[kind], kind, n[kind])
				}
			}
			if right == 0 || right > want.TP {
				t.Errorf("%d correct entities stand beside errors, the run has %d", right, want.TP)
			}
		})
	}
}

// TestErrorsSelection checks that the filters keep what they name, and that limits do
// not change counts.
func TestErrorsSelection(t *testing.T) {
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"})
	all, err := b.Errors(t.Context(), ErrorsRequest{Run: ids[0]})
	if err != nil {
		t.Fatal(err)
	}
	first, err := b.Errors(t.Context(), ErrorsRequest{Run: ids[0], Limit: 1})
	if err != nil || len(first.List) != 1 || first.Wrong != all.Wrong || first.Counts[KindMissed] != all.Counts[KindMissed] {
		t.Errorf("with a limit: %+v, %v", first, err)
	}
	typ := all.List[0].Errors[0].Under()
	some, err := b.Errors(t.Context(), ErrorsRequest{Run: ids[0], Type: typ})
	if err != nil || some.Wrong == 0 {
		t.Fatalf("type %s: %+v, %v", typ, some, err)
	}
	for _, w := range some.List {
		for _, e := range w.Errors {
			if e.Gold.Type != typ && e.Pred.Type != typ {
				t.Errorf("type %s: %+v", typ, e)
			}
		}
	}
	for _, kind := range ErrorKinds {
		some, err := b.Errors(t.Context(), ErrorsRequest{Run: ids[0], Kinds: []ErrorKind{kind}})
		if err != nil {
			t.Fatal(err)
		}
		for k, n := range some.Counts {
			both := k == KindBoth && (kind == KindBoundary || kind == KindType)
			if n != all.Counts[k] || k != kind && !both {
				t.Errorf("kind %s: %d errors of kind %s, want %d", kind, n, k, all.Counts[k])
			}
		}
	}
	for name, r := range map[string]ErrorsRequest{
		"type": {Run: ids[0], Type: "nosuch"}, "kind": {Run: ids[0], Kinds: []ErrorKind{"right"}},
	} {
		if _, err := b.Errors(t.Context(), r); !errors.As(err, new(*UsageError)) {
			t.Errorf("%s: error is %v, want a usage error", name, err)
		}
	}
}

// TestErrorsAgainst checks that the errors of a run and those that only it made differ
// by what the other run made, too.
func TestErrorsAgainst(t *testing.T) {
	seed := 5
	b, ids := ranSamples(t, ner.Plan{Dataset: "sample-law"}, ner.Plan{Dataset: "sample-law", SamplingSeed: &seed}, ner.Plan{Dataset: "sample-law", Limit: 5}, ner.Plan{Dataset: "sample-biomed"})
	same, err := b.Errors(t.Context(), ErrorsRequest{Run: ids[0], Against: ids[0]})
	if err != nil || same.Wrong != 0 || same.AgainstMissing != 0 {
		t.Errorf("against itself: %+v, %v", same, err)
	}
	only, err := b.Errors(t.Context(), ErrorsRequest{Run: ids[0], Against: ids[1]})
	if err != nil {
		t.Fatal(err)
	}
	if only.Wrong == 0 || only.AgainstMissing != 0 {
		t.Errorf("against another run: %+v", only)
	}
	for _, w := range only.List {
		for _, e := range w.Errors {
			found := slices.Contains(w.Against.Spans, e.Gold)
			if e.Kind != KindSpurious && !found {
				t.Errorf("%s: the other run did not find %+v", w.Document.ID, e)
			}
			if e.Kind == KindSpurious && slices.Contains(w.Against.Spans, e.Pred) {
				t.Errorf("%s: the other run predicted %+v, too", w.Document.ID, e)
			}
		}
	}
	cut, err := b.Errors(t.Context(), ErrorsRequest{Run: ids[0], Against: ids[2]})
	if err != nil || cut.Passages != 5 || cut.AgainstMissing != 7 {
		t.Errorf("against a run with a limit: %d passages, %d missing, %v", cut.Passages, cut.AgainstMissing, err)
	}
	if _, err := b.Errors(t.Context(), ErrorsRequest{Run: ids[0], Against: ids[3]}); err == nil {
		t.Error("a run on another dataset is accepted")
	}
}
