package metrics

import (
	"slices"
	"strings"

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
	gold, pred := sortedItems(items.Gold), sortedItems(items.Pred)
	goldSet, predSet := slices.Compact(gold), slices.Compact(pred)
	c := NewCounts()
	c.ByType = matchItems(predSet, goldSet)
	c.DuplicateGold, c.DuplicatePred = len(gold)-len(goldSet), len(pred)-len(predSet)
	return c
}

// itemBags compares multisets: each prediction consumes one equal gold item.
func itemBags(items Items) Counts {
	c := NewCounts()
	c.ByType = matchItems(sortedItems(items.Pred), sortedItems(items.Gold))
	return c
}

// sortedItems returns a copy of the items in an order that brings equal ones
// together.
func sortedItems(items []ner.Mention) []ner.Mention {
	sorted := slices.Clone(items)
	slices.SortFunc(sorted, compareItems)
	return sorted
}

// compareItems looks at the lengths first: most items differ in them.
func compareItems(a, b ner.Mention) int {
	if len(a.Text) != len(b.Text) {
		return len(a.Text) - len(b.Text)
	}
	if a.Text != b.Text {
		return strings.Compare(a.Text, b.Text)
	}
	return strings.Compare(string(a.Type), string(b.Type))
}

// matchItems counts two sorted lists: walking through both, what is equal is
// consumed on both sides.
func matchItems(pred, gold []ner.Mention) Tally {
	t := Tally{}
	for i, j := 0, 0; i < len(pred) || j < len(gold); {
		order := 1 // only gold is left
		switch {
		case j == len(gold):
			order = -1
		case i < len(pred):
			order = compareItems(pred[i], gold[j])
		}
		switch {
		case order < 0:
			t.Add(pred[i].Type, ner.Score{NPred: 1})
			i++
		case order > 0:
			t.Add(gold[j].Type, ner.Score{NGold: 1})
			j++
		default:
			t.Add(gold[j].Type, ner.Score{TP: 1, NPred: 1, NGold: 1})
			i++
			j++
		}
	}
	return t
}
