package metrics

import "nerbench/ner"

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
func GNERF1(p *Passage, c *Counts) { itemSets(p.Items[GNER], c) }

// InstructUIEOriginalF1 compares sets of whole strings, type included: "none"
// against "none" is right, and an empty answer an item (METRICS.md §9.2).
func InstructUIEOriginalF1(p *Passage, c *Counts) { itemSets(p.Items[InstructUIE], c) }

// InstructUIEF1 is [InstructUIEOriginalF1] without "none" and the empty item on
// either side (METRICS.md §9.2).
func InstructUIEF1(p *Passage, c *Counts) { itemSetsWithout(p.Items[InstructUIE], isNone, c) }

func isNone(m ner.Mention) bool { return m.Text == "none" || m.Text == "" }

// B2NERF1 compares sets of whole strings, type included (METRICS.md §9.2).
func B2NERF1(p *Passage, c *Counts) { itemSets(p.Items[B2NER], c) }

// GoLLIEF1 compares multisets of types and lower-cased texts, after predictions
// were dropped that are not in the text (METRICS.md §9.3).
func GoLLIEF1(p *Passage, c *Counts) { itemBags(p.Items[GoLLIE], c) }

// GoLLIEUnfilteredF1 is [GoLLIEF1] on all predictions (METRICS.md §9.3).
func GoLLIEUnfilteredF1(p *Passage, c *Counts) { itemBags(p.Items[GoLLIEUnfiltered], c) }

// ReasoningNERF1 compares sets of normalised texts and lower-cased types
// (METRICS.md §9.4, steps 4 and 5).
func ReasoningNERF1(p *Passage, c *Counts) { itemSets(p.Items[ReasoningNER], c) }

// itemSets compares sets: equal items collapse.
func itemSets(items Items, c *Counts) {
	itemSetsWithout(items, func(ner.Mention) bool { return false }, c)
}

// itemSetsWithout is [itemSets] of the items that are not left out.
func itemSetsWithout(items Items, leftOut func(ner.Mention) bool, c *Counts) {
	var predMemory, goldMemory [fewItems]itemKey
	pred := sortItems(predMemory[:0], items.Pred, leftOut)
	gold := sortItems(goldMemory[:0], items.Gold, leftOut)
	predSet, goldSet := pred.set(), gold.set()
	matchItems(predSet, goldSet, c)
	c.DuplicateGold += len(gold.order) - len(goldSet.order)
	c.DuplicatePred += len(pred.order) - len(predSet.order)
}

// itemBags compares multisets: each prediction consumes one equal gold item.
func itemBags(items Items, c *Counts) {
	all := func(ner.Mention) bool { return false }
	var predMemory, goldMemory [fewItems]itemKey
	matchItems(sortItems(predMemory[:0], items.Pred, all), sortItems(goldMemory[:0], items.Gold, all), c)
}

// matchItems counts two sorted lists: walking through both, what is equal is
// consumed on both sides.
func matchItems(pred, gold sortedItems, c *Counts) {
	var memory [fewTypes]typeScore
	scores := typeScores(memory[:0])
	for i, j := 0, 0; i < len(pred.order) || j < len(gold.order); {
		order := 1 // only gold is left
		switch {
		case j == len(gold.order):
			order = -1
		case i < len(pred.order):
			order = compareKeys(pred.items, pred.order[i], gold.items, gold.order[j])
		}
		switch {
		case order < 0:
			scores.add(pred.item(i).Type, ner.Score{NPred: 1})
			i++
		case order > 0:
			scores.add(gold.item(j).Type, ner.Score{NGold: 1})
			j++
		default:
			scores.add(gold.item(j).Type, ner.Score{TP: 1, NPred: 1, NGold: 1})
			i++
			j++
		}
	}
	scores.addTo(c.ByType)
}
