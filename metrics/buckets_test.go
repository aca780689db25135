package metrics_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/reference"
	"nerbench/metrics"
	"nerbench/ner"
)

type bucketCase struct {
	Name     string
	Values   []float64
	Buckets  int
	Words    []string
	Tags     []string
	Expected struct {
		Continuous []struct {
			Interval [2]float64
			Members  []int
		}
		ECon map[string]float64 `json:"econ"`
		EFre map[string]int     `json:"efre"`
	}
}

// TestBucketVectors compares equal mass, consistency and frequency with the vectors
// of docs/spec/metrics.md §11.
func TestBucketVectors(t *testing.T) { reference.EachSet(t, bucketVectors) }

func bucketVectors(t *testing.T, set reference.Set) {
	for _, c := range readVectors[bucketCase](t, set, "buckets.json").Cases {
		t.Run(c.Name, func(t *testing.T) {
			if c.Values != nil {
				checkEqualMass(t, c)
			} else {
				checkTraining(t, c)
			}
		})
	}
}

func checkEqualMass(t *testing.T, c bucketCase) {
	edges := metrics.EqualMass(slices.Sorted(slices.Values(c.Values)), c.Buckets)
	if len(edges) != len(c.Expected.Continuous) {
		t.Fatalf("%d buckets, want %d", len(edges), len(c.Expected.Continuous))
	}
	for i, want := range c.Expected.Continuous {
		if edges[i] != want.Interval {
			t.Errorf("bucket %d is %v, want %v", i, edges[i], want.Interval)
		}
		var members []int
		for k, v := range c.Values {
			if edges[i][0] <= v && v <= edges[i][1] {
				members = append(members, k)
			}
		}
		if !slices.Equal(members, want.Members) {
			t.Errorf("bucket %d holds %v, want %v", i, members, want.Members)
		}
	}
}

// wordsOf are the tokens of a text that are separated by single spaces.
func wordsOf(text string) metrics.Words {
	var w metrics.Words
	at := 0
	for _, word := range strings.Split(text, " ") {
		w.Ranges = append(w.Ranges, ner.Range{Start: at, End: at + len(word)})
		w.Lower = append(w.Lower, strings.ToLower(word))
		at += len(word) + 1
	}
	return w
}

func checkTraining(t *testing.T, c bucketCase) {
	words := wordsOf(strings.Join(c.Words, " "))
	chunks, err := metrics.DecodeTags(c.Tags, metrics.IOB2, metrics.Lenient)
	if err != nil {
		t.Fatal(err)
	}
	var gold []ner.Span
	types := map[ner.EntityType]bool{}
	for _, e := range chunks {
		gold = append(gold, ner.Span{Start: words.Ranges[e.Start].Start, End: words.Ranges[e.End-1].End, Type: e.Type})
		types[e.Type] = true
	}
	train := metrics.NewTraining()
	train.Add(words, gold)
	train.Count()
	for key, want := range c.Expected.ECon {
		text, typ, _ := strings.Cut(key, "|||")
		got := train.Consistency(strings.Split(text, " "), ner.EntityType(typ))
		if typ == "O" { // the other windows
			got = 1
			for of := range types {
				got -= train.Consistency(strings.Split(text, " "), of)
			}
		}
		near(t, "eCon of "+key, got, want)
	}
	for text, want := range c.Expected.EFre {
		if got := train.Frequency(strings.Split(text, " ")); got != want {
			t.Errorf("eFre of %q is %d, want %d", text, got, want)
		}
	}
}

// TestBucketing counts by each attribute of docs/spec/metrics.md §11.
func TestBucketing(t *testing.T) {
	span := func(text, surface string, typ ner.EntityType) ner.Span {
		i := strings.Index(text, surface)
		return ner.Span{Start: i, End: i + len(surface), Type: typ}
	}
	trainText := "Essa met Port Varna near port varna"
	train := metrics.NewTraining()
	train.Add(wordsOf(trainText), []ner.Span{span(trainText, "Essa", "person"), span(trainText, "Port Varna", "place")})
	train.Count()

	one, two := "Essa left Port Varna", "Zoltan Brandt von Essen Hall slept"
	passages := []*metrics.Passage{
		{
			Text: one, Gold: []ner.Span{span(one, "Essa", "person"), span(one, "Port Varna", "place")},
			Pred: []ner.Span{span(one, "Essa", "person"), span(one, "Varna", "place")},
		},
		{
			Text: two, Gold: []ner.Span{span(two, "Zoltan Brandt von Essen", "person")},
			Pred:      []ner.Span{span(two, "Zoltan Brandt von Essen", "person"), {Start: -1, End: -1, Type: "person"}},
			Unaligned: []ner.Mention{{Text: "Port Varna", Type: "place"}},
		},
	}
	for _, tc := range []struct {
		attribute string
		want      string
	}{
		{"eLen", "1: 1/3/1, 2: 0/1/1, 3: 0/0/0, 4 and more: 1/1/1"},
		{"sLen", "4: 1/2/2, 6: 1/3/1"},
		{"eDen", "0.6667: 1/3/1, 0.75: 1/2/2"},
		{"oDen", "0: 0/0/0, 0.25: 1/2/2, 1: 1/3/1"},
		{"eFre", "0: 1/3/1, 1: 1/2/2"},
		{"eCon", "0: 1/3/1, (0, 0.5]: 0/1/1, (0.5, 1): 0/0/0, 1: 1/1/1"},
	} {
		t.Run(tc.attribute, func(t *testing.T) {
			a, ok := metrics.FindAttribute(tc.attribute)
			if !ok {
				t.Fatal("no such attribute")
			}
			split := func(s string) []string { return strings.Fields(strings.ToLower(s)) }
			b, part := metrics.NewBucketing(a, train, split), metrics.NewBucketing(a, train, split)
			b.Add(passages[0], wordsOf(one))
			part.Add(passages[1], wordsOf(two))
			b.Merge(part)
			var sum, whole ner.Score
			var got []string
			for _, bucket := range b.Buckets() {
				s := bucket.Counts
				got = append(got, bucket.Name+": "+counts(s))
				sum = sum.Add(s)
				if math.IsNaN(bucket.Low) || bucket.Low > bucket.High {
					t.Errorf("bucket %s: edges %v and %v", bucket.Name, bucket.Low, bucket.High)
				}
			}
			if s := strings.Join(got, ", "); s != tc.want {
				t.Errorf("got %s, want %s", s, tc.want)
			}
			for _, p := range passages {
				whole = whole.Add(metrics.Count(metrics.SpanF1, p).ByType.Total())
			}
			if sum != whole {
				t.Errorf("the sum of the buckets is %+v, the dataset has %+v", sum, whole)
			}
		})
	}
}

func counts(s ner.Score) string {
	return strings.Trim(strings.ReplaceAll(strings.ReplaceAll(jsonOf([]int{s.TP, s.NPred, s.NGold}), ",", "/"), " ", ""), "[]")
}
