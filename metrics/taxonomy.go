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

// Cells lists the cells of the confusion table that are not empty, by gold and predicted
// type.
func (t Taxonomy) Cells() []ner.ConfusionCell {
	cells := []ner.ConfusionCell{}
	for cell, n := range t.Confusion {
		cells = append(cells, ner.ConfusionCell{Gold: cell.Gold, Pred: cell.Pred, N: n})
	}
	slices.SortFunc(cells, func(a, b ner.ConfusionCell) int {
		return cmp.Or(cmp.Compare(a.Gold, b.Gold), cmp.Compare(a.Pred, b.Pred))
	})
	return cells
}

// ByName returns the counts under the names that output has.
func (e Errors) ByName() map[string]int {
	return map[string]int{
		string(Correct): e.C, string(TypeError): e.T, string(BoundaryError): e.B, string(BothErrors): e.BT, string(Missed): e.MIS, string(Spurious): e.SPU,
		"MIS_overlapped": e.MISOverlapped, "SPU_overlapping": e.SPUOverlapping,
	}
}

// Class is the error class of an entity (docs/spec/metrics.md §5).
type Class string

// The classes, in the order of the taxonomy.
const (
	Correct       Class = "C"   // same span, same type
	TypeError     Class = "T"   // same span, other type
	BoundaryError Class = "B"   // overlap, same type
	BothErrors    Class = "BT"  // overlap, other type
	Missed        Class = "MIS" // gold without a partner
	Spurious      Class = "SPU" // prediction without a partner
)

// Match is a pair of a gold entity and a prediction, or one of them without a partner.
type Match struct {
	Class Class
	// Gold and Pred are the partners, with offsets in bytes. Gold is zero in the class
	// Spurious, Pred in the class Missed.
	Gold, Pred ner.Span
	// Unaligned is set for a prediction that was not found in the text. It has no
	// offsets, and Text is its mention.
	Unaligned bool
	Text      string
	// Overlapped is set for an entity without a partner that overlaps an entity of the
	// other side.
	Overlapped bool
}

// Matches lists the gold entities and the predictions of one passage with their
// classes: pairs in the order of pairing, then correct and missed gold entities, then
// spurious predictions. It has what [Classify] counts.
func Matches(p *Passage) []Match {
	var matches []Match
	pair(p, func(m Match) { matches = append(matches, m) })
	return matches
}

// Under is the type that a match counts under: that of gold if there is one.
func (m Match) Under() ner.EntityType {
	if m.Class == Spurious {
		return m.Pred.Type
	}
	return m.Gold.Type
}

// errors counts the match.
func (m Match) errors() Errors {
	switch m.Class {
	case Correct:
		return Errors{C: 1}
	case TypeError:
		return Errors{T: 1}
	case BoundaryError:
		return Errors{B: 1}
	case BothErrors:
		return Errors{BT: 1}
	case Missed:
		return Errors{MIS: 1, MISOverlapped: one(m.Overlapped)}
	}
	return Errors{SPU: 1, SPUOverlapping: one(m.Overlapped)}
}

// Classify pairs the gold entities and the predictions of one passage one to one,
// in four stages; each stage pairs the entities without a partner so far
// (docs/spec/metrics.md §5). Unaligned mentions, and spans that are not a range in
// the text, are spurious.
func Classify(p *Passage) Taxonomy {
	t := NewTaxonomy()
	pair(p, func(m Match) {
		under := m.Under()
		t.ByType[under] = t.ByType[under].Add(m.errors())
		t.Confusion[Confusion{m.Gold.Type, m.Pred.Type}]++
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
	pair(p, func(m Match) {
		under, e := m.Under(), m.errors()
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

// pair pairs the entities of a passage, and passes each pair and each entity without
// a partner to add.
func pair(p *Passage, add func(Match)) {
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
		add(Match{Class: c.stage.class(), Gold: g.Span, Pred: p.Span})
	}
	for i := range gold {
		if g := &gold[i]; g.exact {
			add(Match{Class: Correct, Gold: g.Span, Pred: g.Span})
		} else if !g.paired {
			add(Match{Class: Missed, Gold: g.Span, Overlapped: g.overlapped})
		}
	}
	for i := range pred {
		if p := &pred[i]; !p.paired {
			add(Match{Class: Spurious, Pred: p.Span, Overlapped: p.overlapped})
		}
	}
	for _, m := range p.Unaligned {
		add(Match{Class: Spurious, Pred: ner.Span{Type: m.Type}, Unaligned: true, Text: m.Text})
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

// place is a span with its offsets in code points, since bytes would change the ties
// of pairing.
type place struct {
	ner.Span
	start, end int  // code points
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
			p.start, p.end = points.CodePoint(s.Start), points.CodePoint(s.End)
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

// class is the error class of a pair in a stage.
func (s stage) class() Class { return [...]Class{TypeError, BoundaryError, BothErrors}[s] }

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
			overlap := min(g.end, p.end) - max(g.start, p.start)
			if overlap <= 0 {
				continue
			}
			g.overlapped, p.overlapped = true, true
			if g.Span == p.Span {
				g.exact, g.paired, p.paired = true, true, true
				continue
			}
			list = append(list, candidate{stageOf(g, p), overlap, max(g.end, p.end) - min(g.start, p.start), i, j})
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
