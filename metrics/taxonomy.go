package metrics

import (
	"cmp"
	"slices"

	"nerbench/ner"
)

// Errors counts how predictions and gold meet (METRICS.md §5).
type Errors struct {
	C   int // same span, same type
	T   int // same span, other type
	B   int // overlap, same type
	BT  int // overlap, other type
	MIS int // gold without a partner
	SPU int // prediction without a partner
	// MISOverlapped is the part of MIS that overlaps any prediction of the
	// passage, SPUOverlapping the part of SPU that overlaps any gold.
	MISOverlapped, SPUOverlapping int
}

// Add returns the counts of two disjoint parts together.
func (e Errors) Add(f Errors) Errors {
	return Errors{
		e.C + f.C, e.T + f.T, e.B + f.B, e.BT + f.BT, e.MIS + f.MIS, e.SPU + f.SPU,
		e.MISOverlapped + f.MISOverlapped, e.SPUOverlapping + f.SPUOverlapping,
	}
}

// Confusion is a cell of the table gold type × predicted type. An empty type
// stands for none.
type Confusion struct {
	Gold, Pred ner.EntityType
}

// Taxonomy holds the errors of one passage, or of several together.
type Taxonomy struct {
	// ByType has a pair under its gold type, a prediction without a partner
	// under its own.
	ByType    map[ner.EntityType]Errors
	Confusion map[Confusion]int
}

// NewTaxonomy returns the errors of nothing.
func NewTaxonomy() Taxonomy {
	return Taxonomy{map[ner.EntityType]Errors{}, map[Confusion]int{}}
}

// Merge adds the errors of a disjoint part.
func (t *Taxonomy) Merge(part Taxonomy) {
	for typ, e := range part.ByType {
		t.ByType[typ] = t.ByType[typ].Add(e)
	}
	for cell, n := range part.Confusion {
		t.Confusion[cell] += n
	}
}

// Total is the sum over all types.
func (t Taxonomy) Total() Errors {
	var sum Errors
	for _, e := range t.ByType {
		sum = sum.Add(e)
	}
	return sum
}

func (t *Taxonomy) add(gold, pred, under ner.EntityType, e Errors) {
	t.ByType[under] = t.ByType[under].Add(e)
	t.Confusion[Confusion{gold, pred}]++
}

// Classify pairs the gold entities and the predictions of one passage, one to
// one, in four stages: later stages see only what earlier ones left
// (METRICS.md §5). Unaligned mentions, and spans that are no range of the text,
// are spurious without a place.
func Classify(p *Passage) Taxonomy {
	t := NewTaxonomy()
	points := ner.NewCodePoints(p.Text)
	gold := places(p.Text, p.Gold, points)
	pred := places(p.Text, p.Pred, points)
	for _, stage := range []struct {
		sameSpan, sameType bool
		errors             Errors
	}{
		{true, true, Errors{C: 1}},
		{true, false, Errors{T: 1}},
		{false, true, Errors{B: 1}},
		{false, false, Errors{BT: 1}},
	} {
		for _, c := range candidates(gold, pred, stage.sameSpan, stage.sameType) {
			if c.gold.paired || c.pred.paired {
				continue
			}
			c.gold.paired, c.pred.paired = true, true
			t.add(c.gold.Type, c.pred.Type, c.gold.Type, stage.errors)
		}
	}
	t.addUnpaired(gold, pred)
	for _, m := range p.Unaligned {
		t.add("", m.Type, m.Type, Errors{SPU: 1})
	}
	return t
}

// classified is what [Classify] says, found once: every scheme of §6 asks.
func (p *Passage) classified() Taxonomy {
	if p.errors == nil {
		t := Classify(p)
		p.errors = &t
	}
	return *p.errors
}

func (t *Taxonomy) addUnpaired(gold, pred []*place) {
	for _, g := range gold {
		if !g.paired {
			t.add(g.Type, "", g.Type, Errors{MIS: 1, MISOverlapped: one(g.overlapsAny(pred))})
		}
	}
	for _, p := range pred {
		if !p.paired {
			t.add("", p.Type, p.Type, Errors{SPU: 1, SPUOverlapping: one(p.overlapsAny(gold))})
		}
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// place is a span in code points: bytes would change the ties of pairing.
type place struct {
	ner.Span
	valid  bool // a range of the text
	paired bool
}

// places returns the distinct spans in order.
func places(text string, spans []ner.Span, points ner.CodePoints) []*place {
	set, _ := spanSet(spans)
	list := make([]*place, len(set))
	for i, s := range set {
		list[i] = &place{Span: s, valid: ner.ValidSpan(text, s)}
		if list[i].valid {
			list[i].Start, list[i].End = points.CodePoint(s.Start), points.CodePoint(s.End)
		}
	}
	return list
}

func (a *place) overlap(b *place) int {
	if !a.valid || !b.valid {
		return 0
	}
	return max(0, min(a.End, b.End)-max(a.Start, b.Start))
}

func (a *place) overlapsAny(others []*place) bool {
	return slices.ContainsFunc(others, func(b *place) bool { return a.overlap(b) > 0 })
}

// candidate is a pair that a stage may take.
type candidate struct {
	gold, pred     *place
	overlap, union int
}

// candidates lists the pairs of one stage in the order in which they are taken.
func candidates(gold, pred []*place, sameSpan, sameType bool) []candidate {
	var list []candidate
	for _, g := range gold {
		for _, p := range pred {
			if g.paired || p.paired || (g.Type == p.Type) != sameType {
				continue
			}
			overlap := g.overlap(p)
			equal := g.Start == p.Start && g.End == p.End
			if overlap == 0 || equal != sameSpan {
				continue
			}
			list = append(list, candidate{g, p, overlap, max(g.End, p.End) - min(g.Start, p.Start)})
		}
	}
	slices.SortFunc(list, candidate.compare)
	return list
}

// compare orders by overlap/union descending, as an exact fraction, then by
// gold, then by prediction.
func (c candidate) compare(d candidate) int {
	return cmp.Or(
		cmp.Compare(d.overlap*c.union, c.overlap*d.union),
		c.gold.Compare(d.gold.Span),
		c.pred.Compare(d.pred.Span),
	)
}
