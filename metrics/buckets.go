package metrics

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"nerbench/ner"
)

// Attribute is a property of an entity, or of its passage, by which counts can be
// split (docs/spec/metrics.md §11).
type Attribute struct {
	Name, Meaning string
	// NeedsTrain: the value depends on the train split; without it the attribute is
	// absent, not zero.
	NeedsTrain bool
	value      func(*attributed, entity) float64
	// fixed buckets, or else equalMass buckets; if zero, only of the values above 0
	fixed     []Bucket
	equalMass int
	zero      bool
}

// Attributes is the table of attributes. The attribute type uses [Counts.ByType].
var Attributes = []Attribute{
	{
		Name: "eLen", Meaning: "tokens of the entity", value: (*attributed).entityLength,
		fixed: []Bucket{{Name: "1", Low: 1, High: 1}, {Name: "2", Low: 2, High: 2}, {Name: "3", Low: 3, High: 3}, {Name: "4 and more", Low: 4, High: math.Inf(1)}},
	},
	{Name: "sLen", Meaning: "tokens of the passage", value: (*attributed).passageLength, equalMass: 4},
	{Name: "eDen", Meaning: "share of the passage's tokens inside a gold entity", value: (*attributed).entityDensity, equalMass: 4},
	{Name: "oDen", Meaning: "share of the passage's tokens that are not in train", value: (*attributed).unseenDensity, NeedsTrain: true, equalMass: 3, zero: true},
	{Name: "eFre", Meaning: "gold entities of train with the same tokens", value: (*attributed).entityFrequency, NeedsTrain: true, equalMass: 3, zero: true},
	{
		Name: "eCon", Meaning: "share of the same tokens in train that are entities of its type", value: (*attributed).entityConsistency, NeedsTrain: true,
		fixed: []Bucket{{Name: "0"}, {Name: "(0, 0.5]", Low: math.SmallestNonzeroFloat64, High: 0.5}, {Name: "(0.5, 1)", Low: math.Nextafter(0.5, 1), High: math.Nextafter(1, 0)}, {Name: "1", Low: 1, High: 1}},
	},
}

// FindAttribute returns the attribute with a name.
func FindAttribute(name string) (Attribute, bool) {
	i := slices.IndexFunc(Attributes, func(a Attribute) bool { return a.Name == name })
	if i < 0 {
		return Attribute{}, false
	}
	return Attributes[i], true
}

// FewGold is the number of gold entities below which the F1 of a bucket is marked
// as unreliable (docs/spec/metrics.md §11).
const FewGold = 20

// Bucket holds the counts of the entities whose value is in it.
type Bucket struct {
	Name string
	// Low and High are the smallest and the largest gold value in it, or the edges
	// of a fixed bucket; an open end is infinite.
	Low, High float64
	Counts    ner.Score
}

// Words are the tokens of a passage: their byte ranges in the text, and their
// lower-cased forms (docs/spec/metrics.md §3.3, step 1).
type Words struct {
	Ranges []ner.Range
	Lower  []string
}

// inside returns the range of the words that a span overlaps, end exclusive.
func (w Words) inside(s ner.Span) (first, last int) {
	first, _ = slices.BinarySearchFunc(w.Ranges, s.Start, func(r ner.Range, start int) int {
		if r.End <= start {
			return -1
		}
		return 1
	})
	for last = first; last < len(w.Ranges) && w.Ranges[last].Start < s.End; last++ {
	}
	return first, last
}

// Bucketing splits the counts of strict span F1 by an attribute
// (docs/spec/metrics.md §11). The edges depend on gold, so that buckets exist only
// after all passages; until then it keeps the counts of each value.
type Bucketing struct {
	Attribute Attribute
	train     *Training
	split     func(text string) []string
	counts    map[float64]ner.Score
}

// NewBucketing returns an empty split. train may be nil if the attribute does not
// need it. split splits the text of an unaligned mention into lower-cased words.
func NewBucketing(a Attribute, train *Training, split func(text string) []string) *Bucketing {
	return &Bucketing{a, train, split, map[float64]ner.Score{}}
}

// Merge adds the counts of a disjoint part.
func (b *Bucketing) Merge(part *Bucketing) {
	for v, s := range part.counts {
		b.counts[v] = b.counts[v].Add(s)
	}
}

// Add counts one passage like [SpanF1]. A predicted entity counts under its own
// value.
func (b *Bucketing) Add(p *Passage, words Words) {
	gold, _ := spanSet(p.Gold)
	pred, _ := spanSet(p.Pred)
	a := &attributed{words: words, gold: gold, train: b.train}
	for _, s := range gold {
		b.count(a, a.at(s), ner.Score{NGold: 1})
	}
	for _, s := range pred {
		score, e := ner.Score{NPred: 1}, entity{typ: s.Type}
		if ner.ValidSpan(p.Text, s) {
			e = a.at(s)
			if _, found := slices.BinarySearchFunc(gold, s, ner.Span.Compare); found {
				score.TP = 1
			}
		}
		b.count(a, e, score)
	}
	for _, m := range p.Unaligned {
		b.count(a, entity{b.split(m.Text), m.Type}, ner.Score{NPred: 1})
	}
}

func (b *Bucketing) count(a *attributed, e entity, s ner.Score) {
	v := b.Attribute.value(a, e)
	b.counts[v] = b.counts[v].Add(s)
}

// Buckets returns the buckets with their counts, lowest first.
func (b *Bucketing) Buckets() []Bucket {
	buckets := slices.Clone(b.Attribute.fixed)
	if buckets == nil {
		var gold []float64
		for _, v := range slices.Sorted(maps.Keys(b.counts)) {
			if v > 0 || !b.Attribute.zero {
				gold = append(gold, slices.Repeat([]float64{v}, b.counts[v].NGold)...)
			}
		}
		if b.Attribute.zero {
			buckets = []Bucket{{Name: "0"}}
		}
		for _, e := range EqualMass(gold, b.Attribute.equalMass) {
			buckets = append(buckets, Bucket{Name: rangeName(e[0], e[1]), Low: e[0], High: e[1]})
		}
	}
	if len(buckets) == 0 {
		return nil
	}
	for v, s := range b.counts {
		at := 0
		for i := range buckets {
			if buckets[i].Low <= v {
				at = i
			}
		}
		buckets[at].Counts = buckets[at].Counts.Add(s)
	}
	return buckets
}

func rangeName(low, high float64) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	if low == high {
		return number(low)
	}
	return number(low) + "–" + number(high)
}

// EqualMass divides values, which must be sorted, into at most n buckets of about
// equal size, and returns the smallest and largest value of each
// (docs/spec/metrics.md §11). Equal values are always in the same bucket.
func EqualMass(values []float64, n int) [][2]float64 {
	if len(values) == 0 {
		return nil
	}
	var edges [][2]float64
	first, left := 0, n
	for i := 1; i < len(values); i++ {
		if values[i] != values[i-1] && (i-first)*left >= len(values)-first {
			edges = append(edges, [2]float64{values[first], values[i-1]})
			first, left = i, n-len(edges)
		}
	}
	return append(edges, [2]float64{values[first], values[len(values)-1]})
}

// entity is the input of attributes from one entity.
type entity struct {
	words []string // lower-cased
	typ   ner.EntityType
}

// attributed computes the values of the entities of one passage.
type attributed struct {
	words   Words
	gold    []ner.Span
	train   *Training
	density *float64 // of gold, once computed
	unseen  *float64
}

func (a *attributed) at(s ner.Span) entity {
	first, last := a.words.inside(s)
	return entity{a.words.Lower[first:last], s.Type}
}

func (a *attributed) entityLength(e entity) float64 { return float64(len(e.words)) }

func (a *attributed) passageLength(entity) float64 { return float64(len(a.words.Lower)) }

func (a *attributed) entityDensity(entity) float64 {
	if a.density == nil {
		covered := make([]bool, len(a.words.Lower))
		for _, s := range a.gold {
			first, last := a.words.inside(s)
			for i := first; i < last; i++ {
				covered[i] = true
			}
		}
		a.density = shareOf(covered)
	}
	return *a.density
}

func (a *attributed) unseenDensity(entity) float64 {
	if a.unseen == nil {
		unseen := make([]bool, len(a.words.Lower))
		for i, w := range a.words.Lower {
			unseen[i] = !a.train.Has(w)
		}
		a.unseen = shareOf(unseen)
	}
	return *a.unseen
}

func (a *attributed) entityFrequency(e entity) float64 { return float64(a.train.Frequency(e.words)) }

func (a *attributed) entityConsistency(e entity) float64 { return a.train.Consistency(e.words, e.typ) }

func shareOf(set []bool) *float64 {
	n := 0
	for _, b := range set {
		n += one(b)
	}
	share := float64(n) / float64(max(len(set), 1))
	return &share
}
