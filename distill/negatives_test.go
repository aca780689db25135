package distill

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"nerbench/answers"
	"nerbench/ner"
	"nerbench/prompts"
)

// randomData returns passages with random entities; frequent types are more often drawn.
func randomData(random *rand.Rand, passages, types int) []*Kept {
	var kept []*Kept
	for i := range passages {
		k := &Kept{Passage: Passage{ID: fmt.Sprint("p", i)}}
		for range 1 + random.IntN(4) {
			t := random.IntN(1 + random.IntN(types))
			k.Entities = append(k.Entities, Entity{fmt.Sprint("e", random.IntN(9)), fmt.Sprintf("type %d", t)})
		}
		kept = append(kept, k)
	}
	return kept
}

// TestDrawsEqualThoseOfAList: the tree gives the draws of docs/spec/prompts.md §2.2, which
// go through a list.
func TestDrawsEqualThoseOfAList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		kept := randomData(random, 20, 1+random.IntN(40))
		frequency := Frequency(kept)
		for _, strategy := range []string{"uniform", "frequency"} {
			o := NegativeOptions{Strategy: strategy, Ratio: float64(random.IntN(9)) / 2, Seed: random.IntN(3), Guard: random.IntN(2) == 1}
			n, err := NewNegatives(kept, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range kept {
				want := draws(kept, k, frequency, o)
				if got := n.Draw(k); !slices.Equal(got, want) {
					t.Fatalf("%+v: %s: drew %v, want %v", o, k.ID, got, want)
				}
			}
		}
	}
}

// draws is the definition.
func draws(kept []*Kept, k *Kept, frequency map[string]int, o NegativeOptions) []string {
	out := map[string]bool{}
	for _, name := range k.Types() {
		out[answers.Fold(name)] = true
	}
	for _, e := range k.Entities {
		for _, other := range kept {
			for _, same := range other.Entities {
				if o.Guard && same.Text == e.Text {
					out[answers.Fold(same.Type)] = true
				}
			}
		}
	}
	var pool []prompts.Weighted
	for name, count := range frequency {
		if out[answers.Fold(name)] {
			continue
		}
		if o.Strategy == "uniform" {
			count = 1
		}
		pool = append(pool, prompts.Weighted{Item: name, Weight: uint64(count)})
	}
	slices.SortFunc(pool, func(a, b prompts.Weighted) int {
		if a.Item < b.Item {
			return -1
		}
		return 1
	})
	return prompts.Draw(o.Seed, "negatives", []string{"distill", k.ID}, pool, int(o.Ratio*float64(len(k.Types()))+0.5))
}

func TestNegativesOfUnclosedPassages(t *testing.T) {
	kept := randomData(rand.New(rand.NewPCG(3, 4)), 10, 20)
	kept[0].Unclosed = true
	n, err := NewNegatives(kept, NegativeOptions{Strategy: "uniform", Ratio: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Draw(kept[0]); got != nil {
		t.Errorf("drew %v for a passage that the teacher did not finish", got)
	}
	if got := n.Draw(kept[1]); len(got) != len(kept[1].Types()) {
		t.Errorf("drew %v, want %d", got, len(kept[1].Types()))
	}
}

func TestNegativesRefuse(t *testing.T) {
	for _, o := range []NegativeOptions{{Strategy: "none", Ratio: -1}, {Strategy: "often"}} {
		if _, err := NewNegatives(nil, o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

func TestFilters(t *testing.T) {
	p := Passage{ID: "p", Text: "Ada Voss met a tess in Essa ."}
	for name, tc := range map[string]struct {
		answer  string
		filters Filters
		want    []Entity
		dropped []Dropped
	}{
		"in prose, with a trailing comma": {
			`Sure: [("Ada Voss", "person"), ("Essa", "city"),] as asked.`, Filters{}, []Entity{{"Ada Voss", "person"}, {"Essa", "city"}}, nil},
		"no pair": {
			`[("Ada Voss", "person"), "Essa", ("", "city"), ("Essa", "city", 3)]`, Filters{}, []Entity{{"Ada Voss", "person"}},
			[]Dropped{{Passage: "p", Why: BadPair}, {Passage: "p", Why: BadPair}, {Passage: "p", Why: BadPair}}},
		"echo": {
			`[("tess", "Tess"), ("Essa", "city")]`, Filters{}, []Entity{{"Essa", "city"}}, []Dropped{{Passage: "p", Why: Echo, Entity: "tess", Type: "Tess"}}},
		"unclosed, dropped": {
			`[("Ada Voss", "person"), ("Ess`, Filters{}, nil, []Dropped{{Passage: "p", Why: Unparseable}}},
		"unclosed, kept up to the first repeat": {
			`[("Ada Voss", "person"), ("Essa", "city"), ("Ada Voss", "person"), ("tess", "animal"), ("Ess`, Filters{KeepUnclosed: true},
			[]Entity{{"Ada Voss", "person"}, {"Essa", "city"}}, nil},
		"elsewhere, kept": {
			`[("Ada", "person"), ("Bo", "person")]`, Filters{KeepElsewhere: true}, []Entity{{"Ada", "person"}, {"Bo", "person"}}, nil},
		"conflict, counted": {
			`[("Essa", "city"), ("Essa", "town"), ("Essa", "port"), ("tess", "animal")]`, Filters{},
			[]Entity{{"Essa", "city"}, {"Essa", "town"}, {"Essa", "port"}, {"tess", "animal"}},
			[]Dropped{{"p", Conflict, "Essa", "city", true}, {"p", Conflict, "Essa", "town", true}, {"p", Conflict, "Essa", "port", true}}},
		"conflict, dropped": {
			`[("Essa", "city"), ("Essa", "town"), ("Essa", "port"), ("tess", "animal")]`, Filters{DropConflicts: true},
			[]Entity{{"tess", "animal"}},
			[]Dropped{{"p", Conflict, "Essa", "city", false}, {"p", Conflict, "Essa", "town", false}, {"p", Conflict, "Essa", "port", false}}},
		"two types are no conflict": {
			`[("Essa", "city"), ("Essa", "town")]`, Filters{DropConflicts: true}, []Entity{{"Essa", "city"}, {"Essa", "town"}}, nil},
		"a query of its own behind the list": {
			"[(\"Essa\", \"city\")]\n\nPassage: Bo ran.\n[(\"tess\", \"animal\")]", Filters{}, []Entity{{"Essa", "city"}}, nil},
		"a refusal": {"I cannot help with that.", Filters{}, nil, []Dropped{{Passage: "p", Why: Unparseable}}},
	} {
		t.Run(name, func(t *testing.T) {
			kept, dropped := tc.filters.Apply(p, ner.Completion{Text: tc.answer})
			var got []Entity
			if kept != nil {
				got = kept.Entities
			}
			if !reflect.DeepEqual(got, tc.want) || !reflect.DeepEqual(dropped, tc.dropped) {
				t.Errorf("kept %v, want %v; dropped %+v, want %+v", got, tc.want, dropped, tc.dropped)
			}
			if kept != nil && kept.Unclosed != tc.filters.KeepUnclosed {
				t.Errorf("unclosed is %v", kept.Unclosed)
			}
		})
	}
}

func TestParseFilters(t *testing.T) {
	for _, tc := range []struct {
		unclosed, verbatim, conflict string
		want                         Filters
		fails                        bool
	}{
		{want: Filters{}},
		{unclosed: "keep", verbatim: "keep", conflict: "drop", want: Filters{true, true, true}},
		{unclosed: "drop", verbatim: "drop", conflict: "keep"},
		{verbatim: "keep", want: Filters{KeepElsewhere: true}},
		{unclosed: "some", fails: true},
		{conflict: "some", fails: true},
	} {
		if got, err := ParseFilters(tc.unclosed, tc.verbatim, tc.conflict); (err != nil) != tc.fails || !tc.fails && got != tc.want {
			t.Errorf("%+v: %+v, %v", tc, got, err)
		}
	}
}

func TestStatistics(t *testing.T) {
	frequency := map[string]int{"person": 60, "date": 20}
	for i := range 20 {
		frequency[fmt.Sprintf("rare %02d", i)] = 1
	}
	got := Statistics(frequency, 40)
	if got.Passages != 40 || got.Entities != 100 || got.Types != 22 {
		t.Errorf("counts are %+v", got)
	}
	want := [3]Range{
		{1, 0.6, []string{"person"}}, // 1 % of 22 types, rounded up
		{2, 0.21, []string{"date", "rare 00"}},
		{19, 0.19, []string{"rare 01", "rare 02", "rare 03", "rare 04", "rare 05", "rare 06", "rare 07", "rare 08", "rare 09", "rare 10"}},
	}
	if !reflect.DeepEqual(got.Ranges, want) {
		t.Errorf("ranges are %+v, want %+v", got.Ranges, want)
	}
}

// BenchmarkNegatives draws for data of the size of the paper's.
func BenchmarkNegatives(b *testing.B) {
	for _, types := range []int{13_020, 353_092} {
		b.Run(fmt.Sprint(types), func(b *testing.B) {
			kept := randomData(rand.New(rand.NewPCG(5, 6)), 45_889, types)
			for b.Loop() {
				n, err := NewNegatives(kept, NegativeOptions{Strategy: "frequency", Ratio: 1})
				if err != nil {
					b.Fatal(err)
				}
				for _, k := range kept {
					n.Draw(k)
				}
			}
		})
	}
}
