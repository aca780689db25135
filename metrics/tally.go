package metrics

import (
	"maps"
	"slices"

	"nerbench/ner"
)

// Tally holds the counts of one metric by type. The counts of all types add up to
// the counts of the whole (docs/spec/metrics.md §1.1).
type Tally map[ner.EntityType]ner.Score

// Add adds counts to a type.
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

// Types returns the types of the tally in byte order.
func (t Tally) Types() []ner.EntityType { return slices.Sorted(maps.Keys(t)) }

// TypeMacro is the unweighted mean of the F1 of each type with predictions or gold,
// except the reserved type of unknown=fp (docs/spec/metrics.md §10.1, type_macro).
// A predicted type without gold counts as 0. ok is false, and the value 0, if there
// is no type.
func (t Tally) TypeMacro() (f1 float64, ok bool) {
	sum, n := 0.0, 0
	for _, typ := range t.Types() { // sorted, since a sum of floats depends on the order
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

// typeScores are the counts of one passage by type, which are added to a [Tally].
// The search is linear, since a passage has few types. Methods return the changed
// value, like append, so that it stays on the stack.
type typeScores []typeScore

type typeScore struct {
	typ   ner.EntityType
	score ner.Score
}

// fewTypes is the number of types for which a passage has stack memory.
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

// Counts is the result of a metric for one or several passages: the score by type,
// and additional counts.
type Counts struct {
	ByType Tally
	// DuplicateGold and DuplicatePred are entries that equal an earlier one and
	// count once (docs/spec/metrics.md §2).
	DuplicateGold, DuplicatePred int
	// BadOffsets are predicted spans that are not a range in the text (§2).
	BadOffsets int
	// Unaligned are mentions without a position in the text (§7.5).
	Unaligned int
	// Void are answers other than the empty list that the official parser parses as
	// an empty list (§8.3).
	Void int
	// GoldVoid are queries whose gold list is parsed as an empty list (§3.6).
	GoldVoid int
}

// NewCounts returns empty counts.
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
