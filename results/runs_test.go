package results

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"nerbench/ner"
)

func TestRunStates(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 2)
	check := func(want State, complete int) {
		t.Helper()
		info, err := s.Find(t.Context(), run.ID()[:6])
		must(t, err)
		if info.State != want || info.Complete != complete || info.Passages != 2 {
			t.Errorf("run is %s with %d of %d, want %s with %d of 2", info.State, info.Complete, info.Passages, want, complete)
		}
	}
	check(Asking, 0)
	must(t, s.Record(t.Context(), run.ID(), testPassages("q", 1), nil))
	check(Asking, 1)
	must(t, s.End(t.Context(), run.ID()))
	check(Partial, 1)
	must(t, s.Begin(t.Context(), run, 2)) // continued
	check(Asking, 1)
	must(t, s.Record(t.Context(), run.ID(), testPassages("q", 2), nil))
	check(Complete, 2)
	must(t, s.End(t.Context(), run.ID()))
	check(Complete, 2)
	if err := s.End(t.Context(), "ffff"); !errors.Is(err, ErrNoRun) {
		t.Errorf("end of an unknown run: %v", err)
	}
}

func TestRunWithoutPassagesIsComplete(t *testing.T) {
	s := begun(t, testRun("m"), 0)
	info, err := s.Find(t.Context(), testRun("m").ID())
	must(t, err)
	if done, err := s.Done(t.Context(), info.ID); err != nil || len(done) != 0 || info.State != Complete {
		t.Errorf("state %s, done %v, error %v", info.State, done, err)
	}
	if got := collect(t, s, info.ID); len(got) != 0 {
		t.Errorf("passages %v", got)
	}
}

func TestBeginRefuses(t *testing.T) {
	run := testRun("m")
	s := begun(t, run, 2)
	if err := s.Begin(t.Context(), run, 3); err == nil || !strings.Contains(err.Error(), "has 2 passages, but 3") {
		t.Errorf("another number of passages: %v", err)
	}
	if err := s.Begin(t.Context(), ner.Run{Keys: map[string]string{"modell": "m"}}, 3); err == nil || !strings.Contains(err.Error(), `"modell"`) {
		t.Errorf("an unknown key: %v", err)
	}
	runs, err := s.Runs(t.Context(), nil)
	must(t, err)
	if len(runs) != 1 || runs[0].Passages != 2 {
		t.Errorf("runs %+v", runs)
	}
}

func TestEqualKeysAreOneRun(t *testing.T) {
	a := testRun("m") // has an empty seed
	b := testRun("m")
	delete(b.Keys, "seed")
	s := begun(t, a, 2)
	must(t, s.Begin(t.Context(), b, 2))
	runs, err := s.Runs(t.Context(), nil)
	must(t, err)
	if len(runs) != 1 || !reflect.DeepEqual(runs[0].Keys, b.Keys) {
		t.Errorf("runs %+v, want one with keys %v", runs, b.Keys)
	}
}

func TestRunsByKeys(t *testing.T) {
	s := newStore(t)
	for _, model := range []string{"c", "a", "b"} {
		must(t, s.Begin(t.Context(), testRun(model), 1))
	}
	seeded := testRun("a")
	seeded.Keys["seed"] = "7"
	must(t, s.Begin(t.Context(), seeded, 1))
	for _, tc := range []struct {
		filter map[string]string
		want   string
	}{
		{nil, "c a b a"},
		{map[string]string{"model": "a"}, "a a"},
		{map[string]string{"model": "a", "seed": ""}, "a"},
		{map[string]string{"model": "a", "seed": "7"}, "a"},
		{map[string]string{"model": "A"}, ""},
	} {
		runs, err := s.Runs(t.Context(), tc.filter)
		must(t, err)
		var models []string
		for _, r := range runs {
			models = append(models, r.Keys["model"])
		}
		if got := strings.Join(models, " "); got != tc.want {
			t.Errorf("filter %v: %q, want %q", tc.filter, got, tc.want)
		}
	}
	if _, err := s.Runs(t.Context(), map[string]string{"modell": "a"}); err == nil {
		t.Error("no error for an unknown key")
	}
}

func TestFindByPrefix(t *testing.T) {
	s := newStore(t)
	ids := map[byte][]string{}
	for i := range 17 { // two of them begin with the same digit
		run := testRun(string(rune('a' + i)))
		must(t, s.Begin(t.Context(), run, 1))
		ids[run.ID()[0]] = append(ids[run.ID()[0]], run.ID())
	}
	for first, same := range ids {
		info, err := s.Find(t.Context(), string(first))
		if len(same) == 1 && (err != nil || info.ID != same[0]) {
			t.Errorf("%c: %s, %v, want %s", first, info.ID, err, same[0])
		}
		if len(same) > 1 && (!errors.Is(err, ErrAmbiguous) || !strings.Contains(err.Error(), "ambiguous: "+same[0]+", "+same[1])) {
			t.Errorf("%c: error %v, want the names of %v", first, err, same)
		}
	}
	for i := range 100 {
		must(t, s.Begin(t.Context(), testRun(fmt.Sprint("more", i)), 1))
	}
	for first := range ids {
		runs, err := s.list(t.Context(), string(first))
		must(t, err)
		if len(runs) <= mostNamed {
			continue
		}
		if _, err := s.Find(t.Context(), string(first)); err == nil || !strings.HasSuffix(err.Error(), fmt.Sprintf(" and %d more", len(runs)-mostNamed)) || strings.Count(err.Error(), ", ") != mostNamed-1 {
			t.Errorf("%c: error %v, want %d names of %d", first, err, mostNamed, len(runs))
		}
	}
	for _, none := range []string{"", "x", "%", "_"} {
		if _, err := s.Find(t.Context(), none); !errors.Is(err, ErrNoRun) {
			t.Errorf("%q: error %v, want ErrNoRun", none, err)
		}
	}
}

func TestDone(t *testing.T) {
	const n = 50
	run := testRun("m")
	s := begun(t, run, n)
	want := make([]bool, n)
	for _, i := range []int{0, 1, 2, 5, 6, 30, 48, 49} {
		want[i] = true
		must(t, s.Record(t.Context(), run.ID(), []ner.Passage{testPassage("q", i, "a")}, nil))
	}
	must(t, s.Record(t.Context(), run.ID(), nil, []ner.Passage{testPassage("q", 3, "a")}))
	got, err := s.Done(t.Context(), run.ID())
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("done %v, want %v", got, want)
	}
	if _, err := s.Done(t.Context(), "none"); !errors.Is(err, ErrNoRun) {
		t.Errorf("of an unknown run: %v", err)
	}
}
