package distill

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/processor"
	"nerbench/internal/reference"
	"nerbench/ner"
)

func settings(change func(*Settings)) Settings {
	s := DefaultSettings()
	s.Variant = "repo"
	if change != nil {
		change(&s)
	}
	return s
}

func build(t *testing.T, s Settings, kept []*Kept) *Set {
	t.Helper()
	b, err := NewBuilder(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.AddKept(kept); err != nil {
		t.Fatal(err)
	}
	set, err := b.Set()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestBuildOfVectors: with listed order, a build has the conversations of the vectors.
func TestBuildOfVectors(t *testing.T) {
	reference.EachSet(t, func(t *testing.T, set reference.Set) {
		var v vectors
		set.Read(t, &v, "vectors-prompts", "distill.json")
		kept, _ := v.filter()
		for name, want := range v.Conversations {
			strategy, seed, _ := strings.Cut(name, " seed ")
			s := settings(func(s *Settings) {
				s.Negatives, s.Seed, s.Ratio, s.Order, s.Dev = strategy, int(seed[0]-'0'), v.Ratio, "listed", 0
			})
			var got []SharedConversation
			for _, c := range build(t, s, kept).Train {
				got = append(got, c.Shared())
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	})
}

// TestBuildHasEachQuestionOnce: shuffling, splitting and the dev share neither lose a
// question nor repeat one, and all conversations of a passage are on one side.
func TestBuildHasEachQuestionOnce(t *testing.T) {
	kept := randomData(rand.New(rand.NewPCG(7, 8)), 300, 50)
	for _, k := range kept {
		k.Text = strings.Repeat("word ", 20)
	}
	count := func(conversations []Conversation) map[string]int {
		n := map[string]int{}
		for _, c := range conversations {
			for _, q := range c.Questions {
				text, _ := json.Marshal(q)
				n[c.ID+" "+string(text)]++
			}
		}
		return n
	}
	listed := build(t, settings(func(s *Settings) { s.Order, s.Dev = "listed", 0 }), kept)
	all := build(t, settings(func(s *Settings) { s.MaxTokens, s.Dev = 80, 0.1 }), kept)
	if all.Build.Counts.Split == 0 || len(listed.Train) != 300 {
		t.Fatalf("%d passages are split, %d conversations are not", all.Build.Counts.Split, len(listed.Train))
	}
	if got, want := count(slices.Concat(all.Train, all.Dev)), count(listed.Train); !reflect.DeepEqual(got, want) {
		t.Error("the questions differ")
	}
	c := all.Build.Counts
	if c.Passages != 300 || c.Conversations != len(all.Train)+len(all.Dev) || c.Questions != len(count(listed.Train)) || c.Negatives == 0 || c.TooLong != 0 {
		t.Errorf("counts are %+v", c)
	}
	dev := map[string]bool{}
	for _, d := range all.Dev {
		dev[d.ID] = true
	}
	if len(dev) != 30 {
		t.Errorf("%d passages of 300 are in the dev share of 0.1", len(dev))
	}
	for _, c := range all.Train {
		if dev[c.ID] {
			t.Errorf("%s is on both sides", c.ID)
		}
	}
}

// TestBuildOnAnyProcessors: the conversations, and the bytes of their files, do not depend on
// the number of processors, nor on whether there are more of them than passages.
func TestBuildOnAnyProcessors(t *testing.T) {
	for _, passages := range []int{3, 300} {
		kept := randomData(rand.New(rand.NewPCG(11, 12)), passages, 50)
		for _, strategy := range Strategies {
			s := settings(func(s *Settings) { s.Negatives, s.Ratio, s.Guard = strategy, 2, "surface" })
			var want []byte
			for _, n := range []int{1, 2, 5} {
				was := runtime.GOMAXPROCS(n)
				lines, err := linesOf(build(t, s, kept).Train)
				runtime.GOMAXPROCS(was)
				if err != nil {
					t.Fatal(err)
				}
				if want == nil {
					want = lines
				}
				if !bytes.Equal(lines, want) {
					t.Errorf("%s: %d passages differ on %d processors", strategy, passages, n)
				}
			}
		}
	}
}

// TestShuffledNegativesAreEverywhere: a student must not learn that late questions are
// empty.
func TestShuffledNegativesAreEverywhere(t *testing.T) {
	set := build(t, settings(func(s *Settings) { s.Dev = 0 }), randomData(rand.New(rand.NewPCG(9, 10)), 500, 50))
	first, last := 0, 0
	for _, c := range set.Train {
		if len(c.Questions) > 1 {
			first += btoi(c.Questions[0].Negative)
			last += btoi(c.Questions[len(c.Questions)-1].Negative)
		}
	}
	if first < last*3/4 || last < first*3/4 {
		t.Errorf("%d first questions and %d last ones are negatives", first, last)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestBuildRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Settings)
		want   string
	}{
		"ratio":    {func(s *Settings) { s.Ratio = -1 }, "--ratio -1"},
		"strategy": {func(s *Settings) { s.Negatives = "often" }, "--negatives often"},
		"guard":    {func(s *Settings) { s.Guard = "all" }, "--guard all"},
		"order":    {func(s *Settings) { s.Order = "random" }, "--order random"},
		"tokens":   {func(s *Settings) { s.MaxTokens = 0 }, "--max-tokens 0"},
		"dev":      {func(s *Settings) { s.Dev = 1 }, "--dev 1"},
		"cap":      {func(s *Settings) { s.Cap = -1 }, "--cap -1"},
		"variant":  {func(s *Settings) { s.Variant = "allinone" }, "--variant allinone"},
		"line":     {func(s *Settings) { s.Variant = "repo+tab" }, "--variant repo+tab"},
		"unclosed": {func(s *Settings) { s.Unclosed = "some" }, "unclosed=some"},
	} {
		if _, err := NewBuilder(settings(tc.change), nil); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error is %v, want %q", name, err, tc.want)
		}
	}
	b, err := NewBuilder(settings(func(s *Settings) { s.MaxTokens = 30 }), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Set(); err == nil || !strings.Contains(err.Error(), "no kept passage") {
		t.Errorf("no passage: %v", err)
	}
	long := &Kept{Passage: Passage{ID: "p", Text: "Ada ran ."}, Entities: []Entity{{"Ada", strings.Repeat("very long type ", 30)}}}
	if err := b.AddKept([]*Kept{long}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Set(); err == nil || !strings.Contains(err.Error(), "none of 1 passages leaves room for a question in 30 tokens") {
		t.Errorf("a type longer than the room: %v", err)
	}
}

func TestMixer(t *testing.T) {
	m := Mixer{ID: "essays", Name: "Essays", Line: "nl", Words: map[ner.EntityType]string{"person": "person", "city": "city", "date": "date", "never": "never"}}
	documents := []*ner.Document{
		{ID: "essays/train/0", Text: "Ada met Bo in Essa", Spans: []ner.Span{{Start: 14, End: 18, Type: "city"}, {Start: 0, End: 3, Type: "person"}, {Start: 8, End: 10, Type: "person"}}},
		{ID: "essays/train/1", Text: "Bo ran in May", Spans: []ner.Span{{Start: 0, End: 2, Type: "person"}, {Start: 10, End: 13, Type: "date"}, {Start: 3, End: 6, Type: "dropped"}}},
		{ID: "essays/train/2", Text: "Nothing"},
	}
	s := settings(func(s *Settings) { s.Ratio = 0 })
	for _, d := range documents {
		m.Add(d, s)
	}
	var got []Conversation
	for _, d := range documents {
		c, ok, err := m.Conversation(d, s)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		got = append(got, c)
	}
	if q := got[0].Questions; len(q) != 3 || !reflect.DeepEqual(q[:2], []Question{{Type: "person", Answers: []string{"Ada", "Bo"}}, {Type: "city", Answers: []string{"Essa"}}}) || q[2].Type != "date" {
		t.Errorf("questions are %+v, want person, city and one negative with a mention", q)
	}
	if text := got[0].turns()[0].text; text != "Dataset: Essays\nText: Ada met Bo in Essa" || got[0].Source != "essays" {
		t.Errorf("the first turn is %q of %s", text, got[0].Source)
	}
	if q := got[1].Questions; len(q) != 3 || q[2].Type != "city" {
		t.Errorf("questions are %+v: a type that is no type of the dataset is not asked", q)
	}
	if q := got[2].Questions; len(q) != 2 || !q[0].Negative || !q[1].Negative {
		t.Errorf("a document without mentions has %+v, want two negatives", q)
	}
	none := settings(func(s *Settings) { s.Negatives = "none" })
	m.negatives = nil
	if _, ok, err := m.Conversation(documents[2], none); ok || err != nil {
		t.Errorf("without negatives, a document without mentions has questions (%v)", err)
	}
}

// BenchmarkBuild builds data of the size of the paper's: 45,889 passages with 240,725
// entities of 13,020 types, and as many of 353,092 types.
func BenchmarkBuild(b *testing.B) {
	for _, types := range []int{13_020, 353_092} {
		b.Run(fmt.Sprint(types), func(b *testing.B) {
			kept := paperData(types)
			n := 0
			begin := processor.Time()
			for b.Loop() {
				s := settings(func(s *Settings) { s.Guard = "surface" })
				builder, err := NewBuilder(s, nil)
				if err != nil {
					b.Fatal(err)
				}
				if err := builder.AddKept(kept); err != nil {
					b.Fatal(err)
				}
				set, err := builder.Set()
				if err != nil {
					b.Fatal(err)
				}
				if err := set.Write(b.Context(), b.TempDir()); err != nil {
					b.Fatal(err)
				}
				n = set.Build.Counts.Questions
			}
			b.ReportMetric((processor.Time()-begin).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(n), "questions")
		})
	}
}

// paperData returns passages of 200 words with 240,725 entities, whose types have about the
// frequencies of the paper's.
func paperData(types int) []*Kept {
	random := rand.New(rand.NewPCG(11, 12))
	zipf := rand.NewZipf(random, 1.2, 1, uint64(types-1))
	text := strings.Repeat("Invented words about places , people and things . ", 22)
	var kept []*Kept
	for i := range 45_889 {
		k := &Kept{Passage: Passage{ID: fmt.Sprintf("doc %d/0", i), Text: text, Source: fmt.Sprint("source ", i%22)}}
		for range 5 + btoi(i%4 == 0) {
			k.Entities = append(k.Entities, Entity{fmt.Sprint("entity ", random.IntN(100_000)), fmt.Sprintf("type %d", zipf.Uint64())})
		}
		kept = append(kept, k)
	}
	for i := range types { // each type is there
		k := kept[i%len(kept)]
		k.Entities[i/len(kept)%len(k.Entities)].Type = fmt.Sprintf("type %d", i)
		if i >= len(kept)*5 {
			k.Entities = append(k.Entities, Entity{fmt.Sprint("entity ", random.IntN(100_000)), fmt.Sprintf("type %d", i)})
		}
	}
	return kept
}

// BenchmarkSummarize counts what is printed about data of the size of the paper's.
func BenchmarkSummarize(b *testing.B) {
	data := &Data{Kept: paperData(13_020), Passages: 50_000}
	begin := processor.Time()
	for b.Loop() {
		Summarize(Folder{Name: "data", Data: data})
	}
	b.ReportMetric((processor.Time()-begin).Seconds()/float64(b.N), "cpu-s/op")
}

// TestNegativesHaveTheirShare: a passage has ratio negatives for each of its types, types
// are drawn as often as their weights say, and none is a type of the passage.
func TestNegativesHaveTheirShare(t *testing.T) {
	var kept []*Kept
	for i, n := range []int{600, 300, 100} { // entities of the types that are drawn
		for range n {
			kept = append(kept, &Kept{Passage: Passage{ID: fmt.Sprint(i, "/", len(kept))}, Entities: []Entity{{"e", fmt.Sprint("type ", i)}}})
		}
	}
	const asked = 3000
	for i := range asked {
		kept = append(kept, &Kept{Passage: Passage{ID: fmt.Sprint("asked/", i)}, Entities: []Entity{{"Ada", "person"}}})
	}
	for _, tc := range []struct {
		strategy string
		want     [3]float64
	}{{"uniform", [3]float64{1. / 3, 1. / 3, 1. / 3}}, {"frequency", [3]float64{0.6, 0.3, 0.1}}} {
		t.Run(tc.strategy, func(t *testing.T) {
			drawn := map[string]int{}
			for _, c := range build(t, settings(func(s *Settings) { s.Negatives, s.Dev = tc.strategy, 0 }), kept).Train {
				if !strings.HasPrefix(c.ID, "asked/") {
					continue
				}
				if len(c.Questions) != 2 {
					t.Fatalf("%s has %d questions, want one and one negative", c.ID, len(c.Questions))
				}
				for _, q := range c.Questions {
					if q.Negative {
						drawn[q.Type]++
					}
				}
			}
			if drawn["person"] > 0 {
				t.Errorf("person is a negative of a passage with persons %d times", drawn["person"])
			}
			for i, share := range tc.want {
				if got := float64(drawn[fmt.Sprint("type ", i)]) / asked; got < share-0.03 || got > share+0.03 {
					t.Errorf("type %d has the share %.3f, want %.3f", i, got, share)
				}
			}
		})
	}
}
