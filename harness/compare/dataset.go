package compare

import (
	"maps"
	"slices"

	"nerbench/harness/loop"
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
)

// Dataset is the comparison of two systems on the passages of one dataset that both
// have completed.
type Dataset struct {
	Name   string // empty for files
	Metric metrics.Metric
	Seed   uint64 // of its stream of random numbers (docs/spec/metrics.md §12.2)
	// A and B are the counts of each compared passage. [Dataset.Add] extends them.
	A, B []ner.Score
	// Passages is the number of passages of the dataset. len(A) of them are compared.
	Passages int
	// CountsOnly is set if A and B were not filled by [Dataset.Add]. Types and flips are
	// then unknown.
	CountsOnly bool
	// WithoutTypes skips the outcomes by type.
	WithoutTypes bool
	Buckets      []Buckets
	// Tokens compares the tokens of prompts; nil: the systems have other weights or prompts.
	Tokens *Tokens

	types map[ner.EntityType]*typePair
	flips []Flip
}

type typePair struct{ a, b []stats.PassageScore }

// Add adds a passage that both systems completed.
func (d *Dataset) Add(a, b Passage) {
	at := len(d.A)
	d.A, d.B = append(d.A, a.tally.Total()), append(d.B, b.tally.Total())
	for t, s := range a.tally {
		p := d.pair(t)
		p.a = append(p.a, stats.PassageScore{Passage: at, Score: s})
	}
	for t, s := range b.tally {
		p := d.pair(t)
		p.b = append(p.b, stats.PassageScore{Passage: at, Score: s})
	}
	d.flips = append(d.flips, flipsOf(a, b)...)
}

func (d *Dataset) pair(t ner.EntityType) *typePair {
	if d.types == nil {
		d.types = map[ner.EntityType]*typePair{}
	}
	p := d.types[t]
	if p == nil {
		p = &typePair{}
		d.types[t] = p
	}
	return p
}

func (d *Dataset) stats() stats.Dataset { return stats.Dataset{Seed: d.Seed, A: d.A, B: d.B} }

// typeOutcomes tests each type separately. The types of a dataset are a family of
// their own (docs/spec/metrics.md §12.5).
func (d *Dataset) typeOutcomes(s Settings) map[ner.EntityType]Outcome {
	if d.WithoutTypes {
		return map[ner.EntityType]Outcome{}
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(d.types)), func(t ner.EntityType) bool { return !d.supported(t) })
	outcomes := make([]Outcome, len(names))
	alone := s
	alone.Resamples = 0
	var a, b [][]stats.PassageScore
	for i, t := range names {
		p := d.types[t]
		outcomes[i] = alone.test(d.Metric, []stats.Dataset{{Seed: d.Seed, A: spread(p.a, len(d.A)), B: spread(p.b, len(d.A))}})
		a, b = append(a, p.a), append(b, p.b)
	}
	if s.Resamples > 0 {
		for i, intervals := range stats.BootstrapPairParts(d.Seed, len(d.A), a, b, s.Resamples) {
			outcomes[i].bound(intervals)
		}
	}
	adjust(outcomes)
	out := map[ner.EntityType]Outcome{}
	for i, t := range names {
		out[t] = outcomes[i]
	}
	return out
}

// supported reports whether a type has gold in the compared passages. Its F1 is else
// undefined or 0, whatever a system predicts.
func (d *Dataset) supported(t ner.EntityType) bool {
	return slices.ContainsFunc(d.types[t].a, func(s stats.PassageScore) bool { return s.Score.NGold > 0 })
}

// WithoutSupport lists the types that a system predicted, but that have no gold in the
// compared passages. They have no outcome of their own.
func (d *Dataset) WithoutSupport() []ner.EntityType {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(d.types)), d.supported)
}

// averaged reports whether the dataset counts in averages: one without gold does not
// (docs/spec/metrics.md §10.4).
func (d *Dataset) averaged() bool { return ner.Sum(d.A).NGold > 0 }

func spread(list []stats.PassageScore, passages int) []ner.Score {
	scores := make([]ner.Score, passages)
	for _, s := range list {
		scores[s.Passage] = s.Score
	}
	return scores
}

// Buckets are the buckets of one attribute for both systems. They have the same edges,
// because the edges depend on gold alone.
type Buckets struct {
	Attribute metrics.Attribute
	A, B      *metrics.Bucketing
}

// NewBuckets returns empty buckets of attributes. train may be nil if no attribute
// needs it.
func NewBuckets(attributes []metrics.Attribute, train *metrics.Training) []Buckets {
	var all []Buckets
	for _, a := range attributes {
		all = append(all, Buckets{a, loop.NewBucketing(a, train), loop.NewBucketing(a, train)})
	}
	return all
}

// Bucket is one bucket of both systems. An open edge is nil.
type Bucket struct {
	Name       string          `json:"name"`
	Low        *float64        `json:"low"`
	High       *float64        `json:"high"`
	A          metrics.Figures `json:"a"`
	B          metrics.Figures `json:"b"`
	Difference float64         `json:"difference"` // of F1, from −1 to 1
	Few        bool            `json:"few"`        // fewer gold entities than [metrics.FewGold]
}

// Compare lists the buckets.
func (p Buckets) Compare(m metrics.Metric) []Bucket {
	var out []Bucket
	b := p.B.Buckets()
	for i, bucket := range p.A.Buckets() {
		c := Bucket{
			Name: bucket.Name, Low: metrics.Finite(bucket.Low), High: metrics.Finite(bucket.High), Few: bucket.Counts.NGold < metrics.FewGold,
			A: metrics.NewFigures(m, bucket.Counts), B: metrics.NewFigures(m, b[i].Counts),
		}
		c.Difference = value(c.A.F1) - value(c.B.F1)
		out = append(out, c)
	}
	return out
}

// value returns a ratio, or 0 if it is not defined.
func value(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}
