package verify

import (
	"slices"
	"strconv"

	"nerbench/answers"
	"nerbench/metrics"
	"nerbench/ner"
)

// ceilings counts perfect string answers for each alignment mode: per passage and
// type, the gold surface strings without duplicates (docs/spec/metrics.md §7.6).
type ceilings map[string]ner.Score

func (c ceilings) add(d *ner.Document) {
	if len(d.Spans) == 0 {
		return
	}
	spans := slices.Clone(d.Spans)
	slices.SortFunc(spans, ner.Span.Compare)
	var mentions []ner.Mention
	for _, s := range spans {
		if m := (ner.Mention{Text: d.Surface(s), Type: s.Type}); !slices.Contains(mentions, m) {
			mentions = append(mentions, m)
		}
	}
	for _, mode := range answers.Modes[:4] {
		placed, err := answers.Alignment{Mode: mode}.Align(d, mentions)
		if err != nil {
			panic(err) // Modes lists only valid modes
		}
		counts := metrics.Count(metrics.SpanF1, &metrics.Passage{Text: d.Text, Gold: d.Spans, Pred: placed.Spans, Unaligned: placed.Unaligned})
		c[mode] = c[mode].Add(counts.ByType.Total())
	}
}

func (c ceilings) values() map[string]*float64 {
	out := map[string]*float64{}
	for _, mode := range answers.Modes[:4] {
		out[mode] = nil
		if f1, ok := c[mode].F1(); ok {
			out[mode] = &f1
		}
	}
	return out
}

// CeilingText is a ceiling in percent, with two decimals.
func CeilingText(f *float64) string {
	if f == nil {
		return "–"
	}
	return strconv.FormatFloat(*f*100, 'f', 2, 64)
}
