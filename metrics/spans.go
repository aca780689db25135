package metrics

import (
	"slices"

	"nerbench/ner"
)

// SpanF1 counts one passage for strict span F1 (METRICS.md §2): gold and
// prediction are sets of (start, end, type), and an entity is right if all
// three are. Each unaligned mention is one false positive (§7.5), and so is a
// predicted span that is no range of the text: it matches nothing.
func SpanF1(p *Passage) Counts {
	c := NewCounts()
	gold, dupGold := spanSet(p.Gold)
	pred, dupPred := spanSet(p.Pred)
	c.DuplicateGold, c.DuplicatePred = dupGold, dupPred

	for _, s := range gold {
		c.ByType.Add(s.Type, ner.Score{NGold: 1})
	}
	for _, s := range pred {
		score := ner.Score{NPred: 1}
		if !ner.ValidSpan(p.Text, s) {
			c.BadOffsets++
		} else if _, found := slices.BinarySearchFunc(gold, s, ner.Span.Compare); found {
			score.TP = 1
		}
		c.ByType.Add(s.Type, score)
	}
	for _, m := range p.Unaligned {
		c.ByType.Add(m.Type, ner.Score{NPred: 1})
	}
	c.Unaligned = len(p.Unaligned)
	return c
}

// spanSet returns the distinct spans in order, and how many copies collapsed.
func spanSet(spans []ner.Span) (set []ner.Span, duplicates int) {
	set = slices.Clone(spans)
	slices.SortFunc(set, ner.Span.Compare)
	set = slices.Compact(set)
	return set, len(spans) - len(set)
}
