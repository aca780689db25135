package distill

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"nerbench/distill/ngrams"
	"nerbench/ner"
)

// TestSample: the heap gives the first passages of the whole order, whatever the order of
// the texts, and the first one of those with the same text.
func TestSample(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	type text struct{ id, text string }
	var texts []text
	for i := range 200 {
		texts = append(texts, text{fmt.Sprint("t", i), fmt.Sprintf("Passage %d runs. Part %d sits. ", random.IntN(150), random.IntN(20))})
	}
	const size, seed = 60, 3
	first := map[string]Passage{} // by text
	key := func(p Passage) uint64 { return ner.Hash(seed, "passages", "x", p.ID) }
	for _, x := range texts {
		for i, part := range strings.SplitAfter(strings.TrimSpace(x.text), ". ") {
			p := Passage{ID: fmt.Sprintf("%s/%d", x.id, i), Text: strings.TrimSpace(part)}
			if other, there := first[p.Text]; !there || key(p) < key(other) {
				first[p.Text] = p
			}
		}
	}
	var want []Passage
	for _, p := range first {
		want = append(want, p)
	}
	slices.SortFunc(want, func(a, b Passage) int { return cmp.Compare(key(a), key(b)) })
	want = want[:size]
	for range 5 {
		random.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
		s := Sampler{Size: size, Seed: seed, Corpus: "x", Cutter: Cutter{Most: 4}}
		for _, x := range texts {
			if err := s.Add(x.id, x.text, "", x.id); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Passages()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("passages are %v, want %v (%v)", got, want, err)
		}
		if s.Removed.Parts != 400 || s.Removed.Repeated == 0 {
			t.Errorf("removed %+v", s.Removed)
		}
	}
}

func TestSampleRemoves(t *testing.T) {
	tests := ngrams.New()
	tests.Add("Mira Okafor joined Tessel Labs in Varna .")
	s := Sampler{Size: 10, Cutter: Cutter{Most: 50}, Tests: tests}
	for id, text := range map[string]string{"a": "Ada ran.", "b": "Then Mira Okafor joined Tessel Labs in Varna, they say.", "c": " \n "} {
		if err := s.Add(id, text, "news", id); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Passages()
	if err != nil || !reflect.DeepEqual(got, []Passage{{"a/0", "Ada ran.", "news"}}) || s.Removed != (Removed{Parts: 3, Blank: 1, Contaminated: 1}) {
		t.Errorf("passages are %v, removed %+v, %v", got, s.Removed, err)
	}
}

func TestSampleOfDoubledIDs(t *testing.T) {
	s := Sampler{Size: 10, Cutter: Cutter{Most: 50}}
	for i, text := range []string{"Ada ran.", "Bo sat."} {
		if err := s.Add("a", text, "", fmt.Sprint("x.jsonl: line ", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Passages(); err == nil || !strings.Contains(err.Error(), `x.jsonl: line`) || !strings.Contains(err.Error(), `both have the id "a/0"`) {
		t.Errorf("error is %v", err)
	}
}

// TestSampleMemory: what is kept depends on the size of the sample, not on the corpus.
func TestSampleMemory(t *testing.T) {
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	s := Sampler{Size: 500, Corpus: "x", Cutter: Cutter{Most: 256}}
	before := held()
	for i := range 20_000 { // 20 MB
		if err := s.Add(fmt.Sprint("t", i), fmt.Sprint(i, " ")+strings.Repeat("word ", 200), "", fmt.Sprint("t", i)); err != nil {
			t.Fatal(err)
		}
	}
	if now := held(); now > before+5<<20 {
		t.Errorf("a sample of 500 passages of 1 kB holds %d bytes", now-before)
	}
	if got, err := s.Passages(); err != nil || len(got) != 500 {
		t.Errorf("%d passages, %v", len(got), err)
	}
}
