package metrics

import (
	"slices"

	"nerbench/ner"
)

// SpanF1 counts one passage for strict span F1 (docs/spec/metrics.md §2): gold and
// prediction are sets of (start, end, type), and an entity is correct if all three
// are. Each unaligned mention is one false positive (§7.5), and so is a predicted
// span that is not a range in the text.
func SpanF1(p *Passage, c *Counts) {
	var memory [fewTypes]typeScore
	scores := typeScores(memory[:0])
	gold, dupGold := spanSet(p.Gold)
	pred, dupPred := spanSet(p.Pred)
	c.DuplicateGold += dupGold
	c.DuplicatePred += dupPred

	for _, s := range gold {
		scores = scores.add(s.Type, ner.Score{NGold: 1})
	}
	at := 0 // the first gold span not before s
	for _, s := range pred {
		for at < len(gold) && gold[at].Compare(s) < 0 {
			at++
		}
		score := ner.Score{NPred: 1}
		if !ner.ValidSpan(p.Text, s) {
			c.BadOffsets++
		} else if at < len(gold) && gold[at] == s {
			score.TP = 1
		}
		scores = scores.add(s.Type, score)
	}
	for _, m := range p.Unaligned {
		scores = scores.add(m.Type, ner.Score{NPred: 1})
	}
	c.Unaligned += len(p.Unaligned)
	scores.addTo(c.ByType)
}

// spanSet returns the distinct spans in order, and the number of duplicates. Spans
// that are already a sorted set, as most are, are returned unchanged.
func spanSet(spans []ner.Span) (set []ner.Span, duplicates int) {
	if isSpanSet(spans) {
		return spans, 0
	}
	set = slices.Clone(spans)
	slices.SortFunc(set, ner.Span.Compare)
	set = slices.Compact(set)
	return set, len(spans) - len(set)
}

func isSpanSet(spans []ner.Span) bool {
	for i := 1; i < len(spans); i++ {
		if spans[i-1].Compare(spans[i]) >= 0 {
			return false
		}
	}
	return true
}
