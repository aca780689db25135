package metrics

import (
	"maps"
	"slices"

	"nerbench/ner"
)

// Tally holds the counts of one metric by type. The counts of all its types
// add up to those of the whole (docs/spec/metrics.md §1.1).
type Tally map[ner.EntityType]ner.Score

// Add adds counts to those of one type.
func (t Tally) Add(typ ner.EntityType, s ner.Score) { t[typ] = t[typ].Add(s) }

// Merge adds the counts of a disjoint part.
func (t Tally) Merge(part Tally) {
	for typ, s := range part {
		t.Add(typ, s)
	}
}

// Total is the sum over all types: the micro counts.
func (t Tally) Total() ner.Score {
	var sum ner.Score
	for _, s := range t {
		sum = sum.Add(s)
	}
	return sum
}

// Types returns the types of the tally in order of their bytes.
func (t Tally) Types() []ner.EntityType { return slices.Sorted(maps.Keys(t)) }

// TypeMacro is the unweighted mean of the F1 of each type with predictions or
// gold, the reserved type of unknown=fp excluded (docs/spec/metrics.md §10.1,
// type_macro). A type that was predicted but is absent from gold adds a 0.
// ok is false, and the value 0, if there is no such type.
func (t Tally) TypeMacro() (f1 float64, ok bool) {
	sum, n := 0.0, 0
	for _, typ := range t.Types() { // in order: a sum of floats depends on it
		if typ == ner.Unknown {
			continue
		}
		if f, defined := t[typ].F1(); defined {
			sum += f
			n++
		}
	}
	if n == 0 {
		return 0, false
	}
	return sum / float64(n), true
}

// typeScores are the counts of one passage by type, found by looking through
// them: a passage has few types. It collects what is added to a [Tally]. Its
// methods return what they changed, as append does: so it stays on the stack.
type typeScores []typeScore

type typeScore struct {
	typ   ner.EntityType
	score ner.Score
}

// fewTypes is the number of types that a passage is given memory for.
const fewTypes = 8

func (t typeScores) add(typ ner.EntityType, s ner.Score) typeScores {
	for i := range t {
		if t[i].typ == typ {
			t[i].score = t[i].score.Add(s)
			return t
		}
	}
	return append(t, typeScore{typ, s})
}

func (t typeScores) addTo(tally Tally) {
	for _, s := range t {
		tally.Add(s.typ, s.score)
	}
}

// Counts is what a metric makes of one passage, or of several together: the
// score by type, and beside it what the score alone does not show.
type Counts struct {
	ByType Tally
	// DuplicateGold and DuplicatePred are entries that collapsed because an
	// equal one was there before (docs/spec/metrics.md §2).
	DuplicateGold, DuplicatePred int
	// BadOffsets are predicted spans that are no range of the text (§2).
	BadOffsets int
	// Unaligned are mentions without a place in the text (§7.5).
	Unaligned int
	// Void are answers that the official parser reads as nothing although they
	// are not the empty list (§8.3).
	Void int
	// GoldVoid are queries whose gold list is lost in the same way (§3.6).
	GoldVoid int
}

// NewCounts returns the counts of nothing.
func NewCounts() Counts { return Counts{ByType: Tally{}} }

// Merge adds the counts of a disjoint part.
func (c *Counts) Merge(part Counts) {
	c.ByType.Merge(part.ByType)
	c.DuplicateGold += part.DuplicateGold
	c.DuplicatePred += part.DuplicatePred
	c.BadOffsets += part.BadOffsets
	c.Unaligned += part.Unaligned
	c.Void += part.Void
	c.GoldVoid += part.GoldVoid
}
