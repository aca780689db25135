package metrics

import (
	"slices"

	"nerbench/ner"
)

// Protocol names what another system's evaluation compares (METRICS.md §9).
type Protocol string

// The protocols. GoLLIE's predictions are filtered before they are compared, or
// not; everything else differs in the comparison alone.
const (
	GNER             Protocol = "gner"
	InstructUIE      Protocol = "instructuie"
	B2NER            Protocol = "b2ner"
	GoLLIE           Protocol = "gollie"
	GoLLIEUnfiltered Protocol = "gollie_unfiltered"
	ReasoningNER     Protocol = "reasoningner"
)

// Items are what a protocol compares in one passage: texts and types in the
// form that it gives them, in order, repeats kept.
type Items struct {
	Pred, Gold []ner.Mention
}

// GNERF1 compares sets of normalised texts and types (METRICS.md §9.1, step 5).
func GNERF1(p *Passage) Counts { return itemSets(p.Items[GNER]) }

// InstructUIEOriginalF1 compares sets of whole strings, type included: "none"
// against "none" is right, and an empty answer an item (METRICS.md §9.2).
func InstructUIEOriginalF1(p *Passage) Counts { return itemSets(p.Items[InstructUIE]) }

// InstructUIEF1 is [InstructUIEOriginalF1] without "none" and the empty item on
// either side (METRICS.md §9.2).
func InstructUIEF1(p *Passage) Counts {
	entities := p.Items[InstructUIE]
	return itemSets(Items{Pred: withoutNone(entities.Pred), Gold: withoutNone(entities.Gold)})
}

func withoutNone(items []ner.Mention) []ner.Mention {
	return slices.DeleteFunc(slices.Clone(items), func(m ner.Mention) bool { return m.Text == "none" || m.Text == "" })
}

// B2NERF1 compares sets of whole strings, type included (METRICS.md §9.2).
func B2NERF1(p *Passage) Counts { return itemSets(p.Items[B2NER]) }

// GoLLIEF1 compares multisets of types and lower-cased texts, after predictions
// were dropped that are not in the text (METRICS.md §9.3).
func GoLLIEF1(p *Passage) Counts { return itemBags(p.Items[GoLLIE]) }

// GoLLIEUnfilteredF1 is [GoLLIEF1] on all predictions (METRICS.md §9.3).
func GoLLIEUnfilteredF1(p *Passage) Counts { return itemBags(p.Items[GoLLIEUnfiltered]) }

// ReasoningNERF1 compares sets of normalised texts and lower-cased types
// (METRICS.md §9.4, steps 4 and 5).
func ReasoningNERF1(p *Passage) Counts { return itemSets(p.Items[ReasoningNER]) }

// itemSets compares sets: equal items collapse.
func itemSets(items Items) Counts {
	gold, dupGold := distinct(items.Gold)
	pred, dupPred := distinct(items.Pred)
	c := itemBags(Items{Pred: pred, Gold: gold})
	c.DuplicateGold, c.DuplicatePred = dupGold, dupPred
	return c
}

// itemBags compares multisets: each prediction consumes one equal gold item.
func itemBags(items Items) Counts {
	c := NewCounts()
	left := map[ner.Mention]int{}
	for _, g := range items.Gold {
		left[g]++
		c.ByType.Add(g.Type, ner.Score{NGold: 1})
	}
	for _, p := range items.Pred {
		score := ner.Score{NPred: 1}
		if left[p] > 0 {
			left[p]--
			score.TP = 1
		}
		c.ByType.Add(p.Type, score)
	}
	return c
}

// distinct returns the different items, and how many copies collapsed.
func distinct(items []ner.Mention) (set []ner.Mention, duplicates int) {
	seen := make(map[ner.Mention]bool, len(items))
	for _, m := range items {
		if !seen[m] {
			seen[m] = true
			set = append(set, m)
		}
	}
	return set, len(items) - len(set)
}
