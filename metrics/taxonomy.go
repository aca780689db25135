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

// Classify pairs the gold entities and the predictions of one passage, one to
// one, in four stages: later stages see only what earlier ones left
// (METRICS.md §5). Unaligned mentions, and spans that are no range of the text,
// are spurious without a place.
func Classify(p *Passage) Taxonomy {
	t := NewTaxonomy()
	paired := p.paired()
	for _, e := range paired.byType {
		t.ByType[e.typ] = e.errors
	}
	for _, cell := range paired.cells {
		t.Confusion[cell]++
	}
	return t
}

// pairing is what becomes of the entities of one passage.
type pairing struct {
	byType []typeErrors
	cells  []Confusion // one an entity or pair
}

type typeErrors struct {
	typ    ner.EntityType
	errors Errors
}

func (t *pairing) add(gold, pred, under ner.EntityType, e Errors) {
	t.cells = append(t.cells, Confusion{gold, pred})
	for i := range t.byType {
		if t.byType[i].typ == under {
			t.byType[i].errors = t.byType[i].errors.Add(e)
			return
		}
	}
	t.byType = append(t.byType, typeErrors{under, e})
}

// paired pairs the entities of the passage, once: every scheme of §6 asks.
func (p *Passage) paired() *pairing {
	if p.pairing == nil {
		p.pairing = pair(p)
	}
	return p.pairing
}

func pair(p *Passage) *pairing {
	points := ner.NewCodePoints(p.Text)
	gold := places(p.Text, p.Gold, points)
	pred := places(p.Text, p.Pred, points)
	t := &pairing{cells: make([]Confusion, 0, len(gold)+len(p.Unaligned))}
	for _, c := range candidates(gold, pred) {
		g, p := &gold[c.gold], &pred[c.pred]
		if g.paired || p.paired {
			continue
		}
		g.paired, p.paired = true, true
		t.add(g.Type, p.Type, g.Type, c.stage.errors())
	}
	for _, g := range gold {
		if !g.paired {
			t.add(g.Type, "", g.Type, Errors{MIS: 1, MISOverlapped: one(g.overlapped)})
		}
	}
	for _, p := range pred {
		if !p.paired {
			t.add("", p.Type, p.Type, Errors{SPU: 1, SPUOverlapping: one(p.overlapped)})
		}
	}
	for _, m := range p.Unaligned {
		t.add("", m.Type, m.Type, Errors{SPU: 1})
	}
	return t
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
	valid      bool // a range of the text
	paired     bool
	overlapped bool // by a span of the other side
}

// places returns the distinct spans in order.
func places(text string, spans []ner.Span, points ner.CodePoints) []place {
	set, _ := spanSet(spans)
	list := make([]place, len(set))
	for i, s := range set {
		list[i] = place{Span: s, valid: ner.ValidSpan(text, s)}
		if list[i].valid {
			list[i].Start, list[i].End = points.CodePoint(s.Start), points.CodePoint(s.End)
		}
	}
	return list
}

// stage is a step of pairing.
type stage int

const (
	sameSpanSameType stage = iota
	sameSpan
	sameType
	neither
)

// errors are what a pair of a stage counts as.
func (s stage) errors() Errors {
	return [...]Errors{{C: 1}, {T: 1}, {B: 1}, {BT: 1}}[s]
}

func stageOf(gold, pred *place) stage {
	s := neither
	switch {
	case gold.Span == pred.Span:
		s = sameSpanSameType
	case gold.Start == pred.Start && gold.End == pred.End:
		s = sameSpan
	case gold.Type == pred.Type:
		s = sameType
	}
	return s
}

// candidate is a pair that overlaps.
type candidate struct {
	stage          stage
	overlap, union int
	gold, pred     int // indices: both sides are in order
}

// candidates lists the pairs that overlap in the order in which they are taken,
// and marks their members. Both sides are walked through from left to right, so
// that only spans near to each other meet.
func candidates(gold, pred []place) []candidate {
	list := make([]candidate, 0, len(gold))
	first := 0 // what is before it ends before any gold span that is left begins
	for i := range gold {
		g := &gold[i]
		if !g.valid {
			continue
		}
		for first < len(pred) && (!pred[first].valid || pred[first].End <= g.Start) {
			first++
		}
		for j := first; j < len(pred); j++ {
			p := &pred[j]
			if !p.valid {
				continue
			}
			if p.Start >= g.End {
				break
			}
			overlap := min(g.End, p.End) - max(g.Start, p.Start)
			if overlap <= 0 {
				continue
			}
			g.overlapped, p.overlapped = true, true
			list = append(list, candidate{stageOf(g, p), overlap, max(g.End, p.End) - min(g.Start, p.Start), i, j})
		}
	}
	slices.SortFunc(list, candidate.compare)
	return list
}

// compare orders by stage, then by overlap/union descending, as an exact
// fraction, then by gold, then by prediction.
func (c candidate) compare(d candidate) int {
	switch {
	case c.stage != d.stage:
		return cmp.Compare(c.stage, d.stage)
	case d.overlap*c.union != c.overlap*d.union:
		return cmp.Compare(d.overlap*c.union, c.overlap*d.union)
	case c.gold != d.gold:
		return cmp.Compare(c.gold, d.gold)
	}
	return cmp.Compare(c.pred, d.pred)
}
