package results

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"nerbench/ner"
)

func someScores(passages int) Scores {
	counts := make([]ner.Score, passages)
	var total ner.Score
	for i := range counts {
		counts[i] = ner.Score{TP: i % 3, NPred: i % 200, NGold: 130 * i}
		total = total.Add(counts[i])
	}
	return Scores{
		Passages: passages,
		Metrics: map[string]MetricScore{
			"span_f1": {
				Total: total, ByType: map[ner.EntityType]ner.Score{"café": total}, Passages: counts,
				Reader: "ladder/1", Version: "1",
			},
			"uniner_f1": {Total: ner.Score{NGold: 3}, ByType: map[ner.EntityType]ner.Score{}, Passages: make([]ner.Score, passages)},
		},
		Outcomes: map[ner.Outcome]int{ner.OK: 5, ner.Blank: 2},
		Counters: map[string]int{"void": 2},
	}
}

// withoutPassages converts scores to the result of Scores.
func withoutPassages(s Scores) Scores {
	for id, m := range s.Metrics {
		blob, err := encodeCounts(m.Passages)
		if err != nil {
			panic(err)
		}
		m.Passages, m.Checksum = nil, countsSum(blob)
		s.Metrics[id] = m
	}
	return s
}

func TestScoresAreReadAsSaved(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 10)
	if got, err := s.Scores(t.Context(), run.ID()); err != nil || !reflect.DeepEqual(got, Scores{}) {
		t.Errorf("not scored: %+v, %v", got, err)
	}
	for _, n := range []int{10, 4} { // the second replaces the first
		must(t, s.SaveScores(t.Context(), run.ID(), someScores(n)))
		got, err := s.Scores(t.Context(), run.ID())
		must(t, err)
		if want := withoutPassages(someScores(n)); !reflect.DeepEqual(got, want) {
			t.Errorf("scores %+v, want %+v", got, want)
		}
		counts, err := s.Counts(t.Context(), run.ID(), "span_f1")
		must(t, err)
		if want := someScores(n).Metrics["span_f1"].Passages; !reflect.DeepEqual(counts, want) {
			t.Errorf("counts %v, want %v", counts, want)
		}
		info, err := s.Find(t.Context(), run.ID())
		must(t, err)
		if !reflect.DeepEqual(info.Scores, got) {
			t.Errorf("of the run: %+v", info.Scores)
		}
	}
	fewer := Scores{Passages: 1}
	must(t, s.SaveScores(t.Context(), run.ID(), fewer))
	if _, err := s.Counts(t.Context(), run.ID(), "span_f1"); !errors.Is(err, ErrNoScore) {
		t.Errorf("a metric of the previous scoring: %v, want ErrNoScore", err)
	}
}

func TestSaveScoresRefuses(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 3)
	must(t, s.SaveScores(t.Context(), run.ID(), someScores(3)))
	before := dumpOf(t, s)
	wrong := someScores(3)
	wrong.Passages = 2
	negative := someScores(3)
	negative.Metrics["span_f1"].Passages[1].NPred = -1
	for name, tc := range map[string]struct {
		run    string
		scores Scores
		want   string
	}{
		"unknown run":    {"none", someScores(3), "no such run"},
		"wrong number":   {run.ID(), wrong, "counts of 3 passages, but 2 were scored"},
		"negative":       {run.ID(), negative, "passage 1: negative count -1"},
		"negative total": {run.ID(), Scores{Passages: -1}, "CHECK constraint"},
	} {
		if err := s.SaveScores(t.Context(), tc.run, tc.scores); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", name, err, tc.want)
		}
	}
	if after := dumpOf(t, s); after != before {
		t.Errorf("the previous scores are not kept:\n%s", after)
	}
	for _, get := range []func() error{
		func() error { _, err := s.Scores(t.Context(), "none"); return err },
		func() error { _, err := s.Counts(t.Context(), "none", "span_f1"); return err },
	} {
		if err := get(); !errors.Is(err, ErrNoRun) {
			t.Errorf("of an unknown run: %v", err)
		}
	}
}

func TestCountsEncoding(t *testing.T) {
	most := math.MaxInt64 >> 1
	for _, counts := range [][]ner.Score{{}, {{}}, {{TP: 1, NPred: 127, NGold: 128}, {TP: most, NPred: most, NGold: most}}} {
		b, err := encodeCounts(counts)
		must(t, err)
		got, err := decodeCounts(b)
		must(t, err)
		if !reflect.DeepEqual(got, counts) {
			t.Errorf("%v became %v", counts, got)
		}
		for cut := range b {
			if got, err := decodeCounts(b[:cut]); err == nil {
				t.Errorf("%v truncated to %d of %d bytes became %v", counts, cut, len(b), got)
			}
		}
		if _, err := decodeCounts(append(b, 0)); err == nil {
			t.Errorf("%v with an additional byte is accepted", counts)
		}
	}
}

func FuzzDecodeCounts(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		counts, err := decodeCounts(b)
		if err != nil {
			return
		}
		again, err := encodeCounts(counts)
		must(t, err)
		if back, err := decodeCounts(again); err != nil || !reflect.DeepEqual(back, counts) {
			t.Errorf("%x: %v became %v, %v", b, counts, back, err)
		}
	})
}
