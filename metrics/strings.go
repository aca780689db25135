package metrics

import (
	"slices"

	"nerbench/ner"
)

// Strings is the input of string metrics from one query (passage, type)
// (docs/spec/metrics.md §3). Equal strings count once; an empty string is a valid
// item.
type Strings struct {
	Type ner.EntityType
	// Pred and Gold are normalised (§3.3), in any order.
	Pred, Gold []string
	// Void: the answer is not the empty list, but the official parser parses it as
	// one (§8.3). GoldVoid: the same for the gold list (§3.6).
	Void, GoldVoid bool
}

// UniNERF1 counts one passage for the string-set F1 of the UniversalNER paper
// (docs/spec/metrics.md §3.4), on answers parsed by the official parser.
func UniNERF1(p *Passage, c *Counts) { countStrings(p.Published, false, c) }

// UniNERF1Lenient counts the same sets on answers parsed by the lenient ladder
// (docs/spec/metrics.md §3.7).
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

// fewStrings is the number of strings for which a query has stack memory.
const fewStrings = 16

// stringSet returns the distinct strings in order, and the number of duplicates.
// The set uses memory, if it is large enough, or the items themselves.
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
