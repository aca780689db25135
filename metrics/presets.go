package metrics

import "nerbench/ner"

// Protocol selects the items that another system's evaluation compares
// (docs/spec/metrics.md §9).
type Protocol string

// The protocols. The two of GoLLIE differ in whether predictions are filtered
// before the comparison; all others differ only in the comparison.
const (
	GNER             Protocol = "gner"
	InstructUIE      Protocol = "instructuie"
	B2NER            Protocol = "b2ner"
	GoLLIE           Protocol = "gollie"
	GoLLIEUnfiltered Protocol = "gollie_unfiltered"
	ReasoningNER     Protocol = "reasoningner"
)

// Items are the texts and types that a protocol compares in one passage, in its own
// form and in order, with duplicates.
type Items struct {
	Pred, Gold []ner.Mention
}

// GNERF1 compares sets of normalised texts and types (docs/spec/metrics.md §9.1, step 5).
func GNERF1(p *Passage, c *Counts) { itemSets(p.Items[GNER], c) }

// InstructUIEOriginalF1 compares sets of whole strings, including the type: "none"
// equals "none", and an empty answer is an item (docs/spec/metrics.md §9.2).
func InstructUIEOriginalF1(p *Passage, c *Counts) { itemSets(p.Items[InstructUIE], c) }

// InstructUIEF1 is [InstructUIEOriginalF1] without "none" and the empty item on
// either side (docs/spec/metrics.md §9.2).
func InstructUIEF1(p *Passage, c *Counts) { itemSetsWithout(p.Items[InstructUIE], isNone, c) }

func isNone(m *ner.Mention) bool { return m.Text == "none" || m.Text == "" }

// B2NERF1 compares sets of whole strings, including the type (docs/spec/metrics.md
// §9.2).
func B2NERF1(p *Passage, c *Counts) { itemSets(p.Items[B2NER], c) }

// GoLLIEF1 compares multisets of types and lower-cased texts, without predictions
// that are not in the text (docs/spec/metrics.md §9.3).
func GoLLIEF1(p *Passage, c *Counts) { itemBags(p.Items[GoLLIE], c) }

// GoLLIEUnfilteredF1 is [GoLLIEF1] on all predictions (docs/spec/metrics.md §9.3).
func GoLLIEUnfilteredF1(p *Passage, c *Counts) { itemBags(p.Items[GoLLIEUnfiltered], c) }

// ReasoningNERF1 compares sets of normalised texts and lower-cased types
// (docs/spec/metrics.md §9.4, steps 4 and 5).
func ReasoningNERF1(p *Passage, c *Counts) { itemSets(p.Items[ReasoningNER], c) }

// itemSets compares sets: duplicates count once.
func itemSets(items Items, c *Counts) { itemSetsWithout(items, noItem, c) }

func noItem(*ner.Mention) bool { return false }

// itemSetsWithout is [itemSets] without the excluded items.
func itemSetsWithout(items Items, leftOut func(*ner.Mention) bool, c *Counts) {
	var memory itemMemory
	var types [fewTypes]typeScore
	scores := typeScores(types[:0])
	for _, n := range countItems(&memory, items, leftOut) {
		s := ner.Score{NPred: min(n.pred, 1), NGold: min(n.gold, 1)}
		s.TP = min(s.NPred, s.NGold)
		scores = scores.add(n.item.Type, s)
		c.DuplicatePred += n.pred - s.NPred
		c.DuplicateGold += n.gold - s.NGold
	}
	scores.addTo(c.ByType)
}

// itemBags compares multisets: each prediction matches at most one equal gold item.
func itemBags(items Items, c *Counts) {
	var memory itemMemory
	var types [fewTypes]typeScore
	scores := typeScores(types[:0])
	for _, n := range countItems(&memory, items, noItem) {
		scores = scores.add(n.item.Type, ner.Score{TP: min(n.pred, n.gold), NPred: n.pred, NGold: n.gold})
	}
	scores.addTo(c.ByType)
}
