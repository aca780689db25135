package metrics

import (
	"slices"

	"nerbench/ner"
)

// Strings is one query (passage, type) as the string metrics see it
// (docs/spec/metrics.md §3). Equal strings collapse; an empty string is a legal item.
type Strings struct {
	Type ner.EntityType
	// Pred and Gold are normalised (§3.3), in any order.
	Pred, Gold []string
	// Void: the answer was not the empty list, but the official parser reads it
	// as one (§8.3). GoldVoid: the same of the gold list (§3.6).
	Void, GoldVoid bool
}

// UniNERF1 counts one passage for the string-set F1 of the UniversalNER paper
// (docs/spec/metrics.md §3.4), on the answers that the official parser read.
func UniNERF1(p *Passage, c *Counts) { countStrings(p.Published, false, c) }

// UniNERF1Lenient counts the same sets on the mentions that the lenient ladder
// found (docs/spec/metrics.md §3.7).
func UniNERF1Lenient(p *Passage, c *Counts) { countStrings(p.Lenient, false, c) }

// countStrings counts the queries of a passage; partial gives half points, and
// doubled counts.
func countStrings(queries []Strings, partial bool, c *Counts) {
	var memory [fewTypes]typeScore
	scores := typeScores(memory[:0])
	var predMemory, goldMemory [fewStrings]string
	for _, q := range queries {
		gold, dupGold := stringSet(goldMemory[:0], q.Gold)
		pred, dupPred := stringSet(predMemory[:0], q.Pred)
		score := intersect(pred, gold)
		if partial {
			score = withHalfPoints(score, pred, gold)
		}
		scores = scores.add(q.Type, score)
		c.DuplicateGold += dupGold
		c.DuplicatePred += dupPred
		if q.Void {
			c.Void++
		}
		if q.GoldVoid {
			c.GoldVoid++
		}
	}
	scores.addTo(c.ByType)
}

// fewStrings is the number of strings that a query is given memory for.
const fewStrings = 16

// stringSet returns the distinct strings in order, and how many copies
// collapsed. The set lies in memory, if there is enough, or is the items
// themselves.
func stringSet(memory, items []string) (set []string, duplicates int) {
	if len(items) < 2 {
		return items, 0
	}
	set = append(memory, items...)
	slices.Sort(set)
	set = slices.Compact(set)
	return set, len(items) - len(set)
}

// intersect counts two sorted sets: tp = |P ∩ G|, n_pred = |P|, n_gold = |G|.
func intersect(pred, gold []string) ner.Score {
	s := ner.Score{NPred: len(pred), NGold: len(gold)}
	for i, j := 0, 0; i < len(pred) && j < len(gold); {
		switch {
		case pred[i] < gold[j]:
			i++
		case pred[i] > gold[j]:
			j++
		default:
			s.TP++
			i++
			j++
		}
	}
	return s
}
