package main

import (
	"cmp"
	"slices"

	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
)

// flip is a gold entity that one system found and the other one missed. Offsets
// are code points; strings that are no spans have none.
type flip struct {
	Found    string         `json:"found"` // "a" or "b"
	Document string         `json:"document"`
	Text     string         `json:"text"`
	Type     ner.EntityType `json:"type"`
	Start    *int           `json:"start,omitempty"`
	End      *int           `json:"end,omitempty"`
}

// sidePassage is what is kept of one passage of one system.
type sidePassage struct {
	document string
	tally    metrics.Tally
	hits     []hit
}

// hit is a gold entity that was found.
type hit struct {
	text       string
	typ        ner.EntityType
	start, end int // code points; -1: no span
}

// newSidePassage counts a passage of one system.
func newSidePassage(m metrics.Metric, document string, p *metrics.Passage) sidePassage {
	return sidePassage{document, m.Count(p).ByType, hitsOf(m, p)}
}

// hitsOf lists what a metric counts as right: spans for the metrics of spans
// (the strict ones: half points are no hits), else strings.
func hitsOf(m metrics.Metric, p *metrics.Passage) []hit {
	if m.OfSpans() {
		return spanHits(p)
	}
	var hits []hit
	match := func(pred, gold []ner.Mention) {
		left := map[ner.Mention]bool{}
		for _, g := range gold {
			left[g] = true
		}
		for _, s := range pred {
			if left[s] {
				delete(left, s)
				hits = append(hits, hit{s.Text, s.Type, -1, -1})
			}
		}
	}
	if m.Protocol != "" {
		match(p.Items[m.Protocol].Pred, p.Items[m.Protocol].Gold)
		return hits
	}
	queries := p.Published
	if m.Reader == "ladder" {
		queries = p.Lenient
	}
	for _, q := range queries {
		match(typed(q.Pred, q.Type), typed(q.Gold, q.Type))
	}
	return hits
}

func typed(texts []string, t ner.EntityType) []ner.Mention {
	out := make([]ner.Mention, len(texts))
	for i, s := range texts {
		out[i] = ner.Mention{Text: s, Type: t}
	}
	return out
}

func spanHits(p *metrics.Passage) []hit {
	gold := map[ner.Span]bool{}
	for _, s := range p.Gold {
		gold[s] = true
	}
	points := ner.NewCodePoints(p.Text)
	var hits []hit
	for _, s := range p.Pred {
		if gold[s] {
			delete(gold, s) // once, though it may be predicted twice
			hits = append(hits, hit{p.Text[s.Start:s.End], s.Type, points.CodePoint(s.Start), points.CodePoint(s.End)})
		}
	}
	return hits
}

// comparedRow is the comparison of two systems on the passages of one dataset that
// both have completed.
type comparedDataset struct {
	dataset  string
	metric   metrics.Metric
	seed     uint64
	a, b     []ner.Score // by passage
	types    map[ner.EntityType]*typePair
	flips    []flip
	passages int // in all; the compared ones are len(a)
	// detailed: types and flips are known, which the counts alone do not tell.
	detailed bool
	buckets  []bucketPair
}

type typePair struct{ a, b []stats.PassageScore }

// bucketPair are the buckets of an attribute, which gold alone decides.
type bucketPair struct {
	attribute metrics.Attribute
	a, b      *metrics.Bucketing
}

func newComparedDataset(dataset string, m metrics.Metric, seed uint64) *comparedDataset {
	return &comparedDataset{dataset: dataset, metric: m, seed: seed, types: map[ner.EntityType]*typePair{}, detailed: true}
}

// add adds a passage that both systems completed.
func (c *comparedDataset) add(a, b sidePassage) {
	at := len(c.a)
	c.a, c.b = append(c.a, a.tally.Total()), append(c.b, b.tally.Total())
	for t, s := range a.tally {
		c.pair(t).a = append(c.pair(t).a, stats.PassageScore{Passage: at, Score: s})
	}
	for t, s := range b.tally {
		c.pair(t).b = append(c.pair(t).b, stats.PassageScore{Passage: at, Score: s})
	}
	c.flips = append(c.flips, without("a", a, b)...)
	c.flips = append(c.flips, without("b", b, a)...)
}

func (c *comparedDataset) pair(t ner.EntityType) *typePair {
	p := c.types[t]
	if p == nil {
		p = &typePair{}
		c.types[t] = p
	}
	return p
}

// without lists the hits of one side that the other one does not have.
func without(name string, found, other sidePassage) []flip {
	has := map[hit]bool{}
	for _, h := range other.hits {
		has[h] = true
	}
	var flips []flip
	for _, h := range found.hits {
		if has[h] {
			continue
		}
		f := flip{Found: name, Document: found.document, Text: h.text, Type: h.typ}
		if h.start >= 0 {
			f.Start, f.End = &h.start, &h.end
		}
		flips = append(flips, f)
	}
	return flips
}

// compareSettings say how differences are tested.
type compareSettings struct {
	resamples int
	// rounds of random swaps, however few passages differ; 0: as docs/spec/metrics.md §12.4
	// says.
	rounds int
	alpha  float64
	margin float64 // points of F1 that B may lose
}

// outcome is the comparison of one dataset, one type, or of the average.
type comparisonOutcome struct {
	A          countsJSON  `json:"a"`
	B          countsJSON  `json:"b"`
	Difference float64     `json:"difference"`
	CI         *[2]float64 `json:"ci"`
	P          float64     `json:"p"`
	PAdjusted  float64     `json:"p_adjusted"`
	Exact      bool        `json:"exact"`
	// Count of Tried swaps gave a difference at least as large.
	Count    int `json:"count_abs_ge"`
	Tried    int `json:"swaps"`
	Passages int `json:"passages"`
}

func (s compareSettings) test(m metrics.Metric, ds []stats.Dataset) comparisonOutcome {
	var t stats.Test
	if s.rounds > 0 {
		t = stats.Randomise(ds, s.rounds)
	} else {
		t = stats.Compare(ds)
	}
	out := comparisonOutcome{Difference: t.Difference, P: t.P, PAdjusted: t.P, Exact: t.Exact, Count: t.Count, Tried: t.Tried}
	if s.resamples > 0 {
		out.bound(stats.BootstrapPair(ds, s.resamples))
	}
	var a, b ner.Score
	for _, r := range ds {
		a, b = a.Add(sum(r.A)), b.Add(sum(r.B))
		out.Passages += len(r.A)
	}
	ciA, ciB := out.A.CI, out.B.CI
	out.A, out.B = newCountsJSON(m, a), newCountsJSON(m, b)
	out.A.CI, out.B.CI = ciA, ciB
	return out
}

// bound sets the intervals.
func (o *comparisonOutcome) bound(i stats.Intervals) {
	o.CI = &[2]float64{i.Difference.Low, i.Difference.High}
	o.A.CI, o.B.CI = &[2]float64{i.A.Low, i.A.High}, &[2]float64{i.B.Low, i.B.High}
}

func sum(scores []ner.Score) ner.Score {
	var total ner.Score
	for _, s := range scores {
		total = total.Add(s)
	}
	return total
}

func (c *comparedDataset) stats() stats.Dataset { return stats.Dataset{Seed: c.seed, A: c.a, B: c.b} }

// typeOutcomes tests each type apart; the types of a dataset are a family of their
// own (docs/spec/metrics.md §12.5).
func (c *comparedDataset) typeOutcomes(s compareSettings) map[ner.EntityType]comparisonOutcome {
	names := sortedKeys(c.types)
	outcomes := make([]comparisonOutcome, len(names))
	alone := s
	alone.resamples = 0
	var a, b [][]stats.PassageScore
	for i, t := range names {
		p := c.types[t]
		outcomes[i] = alone.test(c.metric, []stats.Dataset{{Seed: c.seed, A: spread(p.a, len(c.a)), B: spread(p.b, len(c.a))}})
		a, b = append(a, p.a), append(b, p.b)
	}
	if s.resamples > 0 {
		for i, intervals := range stats.BootstrapPairParts(c.seed, len(c.a), a, b, s.resamples) {
			outcomes[i].bound(intervals)
		}
	}
	adjust(outcomes)
	out := map[ner.EntityType]comparisonOutcome{}
	for i, t := range names {
		out[t] = outcomes[i]
	}
	return out
}

func spread(list []stats.PassageScore, passages int) []ner.Score {
	scores := make([]ner.Score, passages)
	for _, s := range list {
		scores[s.Passage] = s.Score
	}
	return scores
}

// adjust corrects the p values of a family by Holm.
func adjust(outcomes []comparisonOutcome) {
	p := make([]float64, len(outcomes))
	for i, o := range outcomes {
		p[i] = o.P
	}
	for i, adjusted := range stats.Holm(p) {
		outcomes[i].PAdjusted = adjusted
	}
}

// comparedBucket is a bucket of both systems.
type comparedBucket struct {
	Name       string     `json:"name"`
	Low        *float64   `json:"low"`
	High       *float64   `json:"high"`
	A          countsJSON `json:"a"`
	B          countsJSON `json:"b"`
	Difference float64    `json:"difference"`
	Few        bool       `json:"few"`
}

// compared are the buckets of both systems: gold decides the edges, so that they
// are the same.
func (p bucketPair) compared(m metrics.Metric) []comparedBucket {
	var out []comparedBucket
	b := p.b.Buckets()
	for i, bucket := range p.a.Buckets() {
		c := comparedBucket{
			Name: bucket.Name, Low: finite(bucket.Low), High: finite(bucket.High), Few: bucket.Counts.NGold < metrics.FewGold,
			A: newCountsJSON(m, bucket.Counts), B: newCountsJSON(m, b[i].Counts),
		}
		c.Difference = value(c.A.F1) - value(c.B.F1)
		out = append(out, c)
	}
	return out
}

func value(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// sortFlips orders flips by type and text, so that what is alike stands
// together.
func sortFlips(flips []flip) {
	slices.SortStableFunc(flips, func(a, b flip) int {
		return cmp.Or(cmp.Compare(a.Found, b.Found), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Text, b.Text))
	})
}
