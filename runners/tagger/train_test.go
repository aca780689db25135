package tagger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"nerbench/ner"
)

// f1 is strict span F1 in percent.
func f1(m *Tagger, docs []*ner.Document) float64 {
	var s ner.Score
	for _, d := range docs {
		pred := m.Tag(d)
		s.NPred += len(pred)
		s.NGold += len(d.Spans)
		for _, p := range pred {
			if slices.Contains(d.Spans, p) {
				s.TP++
			}
		}
	}
	f, _ := s.F1()
	return 100 * f
}

func TestLearnsInventedNames(t *testing.T) {
	m := train(t, invented(t, 150, 1), nil, Config{})
	if f := f1(m, invented(t, 200, 2)); f < 98 {
		t.Errorf("F1 %.2f on other names, want at least 98", f)
	}
	untaught := invented(t, 150, 1)
	for _, d := range untaught {
		d.Spans = nil
	}
	if f := f1(train(t, untaught, []ner.EntityType{"ship"}, Config{}), invented(t, 200, 2)); f != 0 {
		t.Errorf("F1 %.2f without training data", f)
	}
}

// Text without tokens is split by the tokenless rule, and offsets stay those of the
// text.
func TestLearnsFromRunningText(t *testing.T) {
	running := func(n int, seed uint64) []*ner.Document {
		docs := invented(t, n, seed)
		for _, d := range docs {
			d.Tokens = nil
		}
		return docs
	}
	m := train(t, running(150, 1), nil, Config{})
	if f := f1(m, running(200, 2)); f < 98 {
		t.Errorf("F1 %.2f, want at least 98", f)
	}
	d := &ner.Document{Text: "In Östvík,\u00a0Ísalia\u2003Mordsdóttir buys…"}
	var got []string
	for _, s := range m.Tag(d) {
		got = append(got, d.Surface(s)+"|"+string(s.Type))
	}
	if want := []string{"Östvík|place", "Ísalia\u2003Mordsdóttir|person"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func TestSameSeedSameWeights(t *testing.T) {
	docs := invented(t, 80, 3)
	types := []ner.EntityType{"person", "place", "ship"}
	want := train(t, docs, types, Config{Seed: 7})
	if len(want.Identity().Digest) != 64 {
		t.Fatalf("digest %q", want.Identity().Digest)
	}
	for _, n := range []int{1, 2, 8} {
		was := runtime.GOMAXPROCS(n)
		got := train(t, docs, types, Config{Seed: 7, Epochs: DefaultEpochs}).Identity()
		runtime.GOMAXPROCS(was)
		if got != want.Identity() {
			t.Errorf("on %d processors: %+v, want %+v", n, got, want.Identity())
		}
	}
	renamed := invented(t, 80, 3)
	for _, d := range renamed {
		for i := range d.Spans {
			d.Spans[i].Type += "s"
		}
	}
	others := map[string]*Tagger{
		"other names of types": train(t, renamed, []ner.EntityType{"persons", "places", "ships"}, Config{Seed: 7}),
		"another seed":         train(t, docs, types, Config{Seed: 8}),
		"fewer epochs":         train(t, docs, types, Config{Seed: 7, Epochs: 2}),
		"other documents":      train(t, docs[1:], types, Config{Seed: 7}),
		"fewer types":          train(t, docs, types[:2], Config{Seed: 7}),
		"an unused type":       train(t, docs, append(slices.Clone(types), "ghost"), Config{Seed: 7}),
	}
	digests := map[string]string{want.Identity().Digest: "the first"}
	for name, m := range others {
		if same, ok := digests[m.Identity().Digest]; ok {
			t.Errorf("%s: the same weights as %s", name, same)
		}
		digests[m.Identity().Digest] = name
	}
}

func TestKeySaysWhatChangesWeights(t *testing.T) {
	if got, want := (Config{}).Key(), (Config{Epochs: DefaultEpochs, Observe: func(Epoch) {}}).Key(); got != want {
		t.Errorf("default is %q, want %q", got, want)
	}
	for _, c := range []Config{{Seed: 1}, {Epochs: 3}} {
		if c.Key() == (Config{}).Key() {
			t.Errorf("%+v has the default key %q", c, c.Key())
		}
	}
}

// Averages are computed from sums of changes times their times. The sum of all weights
// after every sentence gives the same.
func TestAverageOfAllTime(t *testing.T) {
	c, err := readCorpus(t.Context(), each(invented(t, 25, 4)), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := newLearner(c.labels)
	type at struct {
		key   uint64
		label int32
	}
	cells, after := map[at]int64{}, make([]int64, len(l.transitions.after))
	for range 4 {
		for i := range c.sentences() {
			l.learn(c, i)
			for _, r := range l.table.sorted() {
				for _, x := range l.table.of(&r) {
					cells[at{r.key, x.label}] += int64(x.weight)
				}
			}
			for j, w := range l.transitions.after {
				after[j] += int64(w)
			}
		}
	}
	near := func(got int32, sum int64) bool {
		diff := int64(got)*l.time - sum*scale
		return -l.time <= 2*diff && 2*diff <= l.time // half a unit
	}
	m := l.average()
	kept := 0
	for k, sum := range cells {
		w := int32(0)
		for _, x := range m.table.of(m.table.find(k.key)) {
			if x.label == k.label {
				w = x.weight
				kept++
			}
		}
		if !near(w, sum) {
			t.Fatalf("feature %x, label %d: weight %d/1024, want %d/%d", k.key, k.label, w, sum, l.time)
		}
	}
	if kept != len(m.table.cells) || kept == 0 {
		t.Errorf("%d weights, %d of them learnt", len(m.table.cells), kept)
	}
	for j, sum := range after {
		if !near(m.transitions.after[j], sum) {
			t.Fatalf("transition %d: weight %d/1024, want %d/%d", j, m.transitions.after[j], sum, l.time)
		}
	}
}

// The search uses bounds that training must keep up to date.
func TestLearningKeepsBounds(t *testing.T) {
	c, err := readCorpus(t.Context(), each(invented(t, 40, 9)), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := newLearner(c.labels)
	moved := false
	for i := range c.sentences() {
		l.learn(c, i)
		for to, most := range l.transitions.most {
			moved = moved || most != 0
			if want := slices.Max(l.transitions.into(int32(to))); most != want {
				t.Fatalf("after sentence %d: bound %d before label %d, want %d", i, most, to, want)
			}
		}
	}
	if !moved {
		t.Error("no bound changed")
	}
}

// Training ends early when every sentence is right. Further epochs give the same
// weights.
func TestEndsEarlyWithTheSameWeights(t *testing.T) {
	docs := invented(t, 40, 5)
	var epochs []Epoch
	m := train(t, docs, nil, Config{Epochs: 60, Observe: func(e Epoch) { epochs = append(epochs, e) }})
	last := epochs[len(epochs)-1]
	if last.Wrong != 0 || last.Number == 60 || last.Number != len(epochs) || last.Of != 60 || last.Sentences != 40 {
		t.Fatalf("the last epoch was %+v", last)
	}
	c, err := readCorpus(t.Context(), each(docs), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := newLearner(c.labels)
	order := make([]int, c.sentences())
	for i := range order {
		order[i] = i
	}
	random := source(mix(0))
	for range 60 {
		random.shuffle(order)
		for _, i := range order {
			l.learn(c, i)
		}
	}
	if l.average().digest() != m.Identity().Digest {
		t.Error("the weights differ from those after all epochs")
	}
}

func TestLittleToLearnFrom(t *testing.T) {
	probe := document(t, "Keld Ulsson sails .")
	for name, docs := range map[string][]*ner.Document{
		"no documents":   nil,
		"no words":       {{}, {Text: "  "}},
		"no spans":       {document(t, "Nobody sails ."), document(t, "x")},
		"one word":       {document(t, "[Keld|person]")},
		"one type":       {document(t, "[Keld Ulsson|person] sails ."), document(t, "Nobody sails .")},
		"only one label": {document(t, "[a b c d|person]")},
	} {
		for _, types := range [][]ner.EntityType{nil, {}, {"person"}, {"person", "place"}} {
			t.Run(fmt.Sprint(name, types), func(t *testing.T) {
				m := train(t, docs, types, Config{})
				got := m.Tag(probe)
				if name == "one type" && !slices.Equal(got, []ner.Span{{Start: 0, End: 11, Type: "person"}}) {
					t.Errorf("found %v", got)
				}
				if m.Learnt().Spans == 0 && len(got) > 0 {
					t.Errorf("found %v without training data", got)
				}
				if m.Tag(&ner.Document{}) != nil {
					t.Error("found a span in an empty document")
				}
			})
		}
	}
}

func TestTrainEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	_, err := Train(ctx, each(invented(t, 50, 6)), nil, Config{Observe: func(e Epoch) {
		seen = e.Number
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || seen != 1 {
		t.Errorf("error %v after %d epochs", err, seen)
	}
	if _, err := Train(ctx, each(invented(t, 1, 6)), nil, Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestTrainReturnsTheErrorOfTheDocuments(t *testing.T) {
	broken := errors.New("kelm: train.txt:3: no tag")
	_, err := Train(t.Context(), func(yield func(*ner.Document, error) bool) {
		if yield(document(t, "a"), nil) {
			yield(nil, broken)
		}
	}, nil, Config{})
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}
