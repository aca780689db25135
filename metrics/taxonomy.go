package metrics

import (
	"cmp"
	"slices"

	"nerbench/ner"
)

// Errors counts the error classes of predictions and gold (docs/spec/metrics.md
// §5).
type Errors struct {
	C   int // same span, same type
	T   int // same span, other type
	B   int // overlap, same type
	BT  int // overlap, other type
	MIS int // gold without a partner
	SPU int // prediction without a partner
	// MISOverlapped is the part of MIS that overlaps a prediction of the passage,
	// SPUOverlapping the part of SPU that overlaps a gold entity.
	MISOverlapped, SPUOverlapping int
}

// Add returns the counts of two disjoint parts together.
func (e Errors) Add(f Errors) Errors {
	return Errors{
		e.C + f.C, e.T + f.T, e.B + f.B, e.BT + f.BT, e.MIS + f.MIS, e.SPU + f.SPU,
		e.MISOverlapped + f.MISOverlapped, e.SPUOverlapping + f.SPUOverlapping,
	}
}

// Confusion is a cell of the table gold type × predicted type. An empty type means
// that there is no partner.
type Confusion struct {
	Gold, Pred ner.EntityType
}

// Taxonomy holds the errors of one or several passages.
type Taxonomy struct {
	// ByType has a pair under its gold type, and a prediction without a partner
	// under its own type.
	ByType    map[ner.EntityType]Errors
	Confusion map[Confusion]int
}

// NewTaxonomy returns an empty taxonomy.
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

// Classify pairs the gold entities and the predictions of one passage one to one,
// in four stages; each stage pairs the entities without a partner so far
// (docs/spec/metrics.md §5). Unaligned mentions, and spans that are not a range in
// the text, are spurious.
func Classify(p *Passage) Taxonomy {
	t := NewTaxonomy()
	pair(p, func(gold, pred, under ner.EntityType, e Errors) {
		t.ByType[under] = t.ByType[under].Add(e)
		t.Confusion[Confusion{gold, pred}]++
	})
	return t
}

// typeErrors are the errors of one type in one passage.
type typeErrors struct {
	typ    ner.EntityType
	errors Errors
}

// errorsByType are the errors of the passage, computed once, since every scheme of
// §6 uses them.
func (p *Passage) errorsByType() []typeErrors {
	if p.errors != nil {
		return p.errors
	}
	p.errors = make([]typeErrors, 0, fewTypes)
	pair(p, func(_, _, under ner.EntityType, e Errors) {
		for i := range p.errors {
			if p.errors[i].typ == under {
				p.errors[i].errors = p.errors[i].errors.Add(e)
				return
			}
		}
		p.errors = append(p.errors, typeErrors{under, e})
	})
	return p.errors
}

// pair pairs the entities of a passage, and returns the class of each pair and of
// each entity without a partner, with the type that it counts under.
func pair(p *Passage, add func(gold, pred, under ner.EntityType, e Errors)) {
	points := ner.NewCodePoints(p.Text)
	var memory pairMemory
	gold := places(memory.gold[:0], p.Text, p.Gold, points)
	pred := places(memory.pred[:0], p.Text, p.Pred, points)
	for _, c := range candidates(memory.candidates[:0], gold, pred) {
		g, p := &gold[c.gold], &pred[c.pred]
		if g.paired || p.paired {
			continue
		}
		g.paired, p.paired = true, true
		add(g.Type, p.Type, g.Type, c.stage.errors())
	}
	for i := range gold {
		if g := &gold[i]; g.exact {
			add(g.Type, g.Type, g.Type, Errors{C: 1})
		} else if !g.paired {
			add(g.Type, "", g.Type, Errors{MIS: 1, MISOverlapped: one(g.overlapped)})
		}
	}
	for i := range pred {
		if p := &pred[i]; !p.paired {
			add("", p.Type, p.Type, Errors{SPU: 1, SPUOverlapping: one(p.overlapped)})
		}
	}
	for _, m := range p.Unaligned {
		add("", m.Type, m.Type, Errors{SPU: 1})
	}
}

// pairMemory is the memory for pairing in a passage with few spans.
type pairMemory struct {
	gold, pred [32]place
	candidates [16]candidate
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// place is a span in code points, since bytes would change the ties of pairing.
type place struct {
	ner.Span
	valid      bool // a range in the text
	paired     bool
	exact      bool // paired with an equal span
	overlapped bool // overlapped by a span of the other side
}

// places returns the distinct spans in order, in memory if it is large enough.
func places(memory []place, text string, spans []ner.Span, points ner.CodePoints) []place {
	set, _ := spanSet(spans)
	list := memory
	for _, s := range set {
		p := place{Span: s, valid: ner.ValidSpan(text, s)}
		if p.valid {
			p.Start, p.End = points.CodePoint(s.Start), points.CodePoint(s.End)
		}
		list = append(list, p)
	}
	return list
}

// stage is a step of pairing after the first, which pairs equal spans.
type stage int

const (
	sameSpan stage = iota
	sameType
	neither
)

// errors is the error class of a pair in a stage.
func (s stage) errors() Errors { return [...]Errors{{T: 1}, {B: 1}, {BT: 1}}[s] }

func stageOf(gold, pred *place) stage {
	switch {
	case gold.Start == pred.Start && gold.End == pred.End:
		return sameSpan
	case gold.Type == pred.Type:
		return sameType
	}
	return neither
}

// candidate is a pair of spans that overlap and are not equal.
type candidate struct {
	stage          stage
	overlap, union int
	gold, pred     int // indices: both sides are sorted
}

// candidates does the first stage, which pairs equal spans and leaves no choice. It
// marks spans that overlap, and lists the other overlapping pairs in the order in
// which they are paired. One pass from left to right over both sides compares only
// spans that are close to each other.
func candidates(list []candidate, gold, pred []place) []candidate {
	first := 0 // spans before it end before the remaining gold spans begin
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
			if g.Span == p.Span {
				g.exact, g.paired, p.paired = true, true, true
				continue
			}
			list = append(list, candidate{stageOf(g, p), overlap, max(g.End, p.End) - min(g.Start, p.Start), i, j})
		}
	}
	slices.SortFunc(list, candidate.compare)
	return list
}

// compare orders by stage, then by overlap/union descending, as an exact fraction,
// then by gold, then by prediction.
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
