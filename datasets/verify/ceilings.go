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
	mentions := perfect(d, d.Surface)
	al := newAligner(d, answers.Alignment{})
	for _, mode := range answers.Modes[:4] {
		in, err := al.InMode(mode)
		if err != nil {
			panic(err) // Modes lists only valid modes
		}
		c.count(mode, d, in.Align(mentions))
	}
}

func newAligner(d *ner.Document, a answers.Alignment) *answers.Aligner {
	al, err := answers.NewAligner(d, a)
	if err != nil {
		panic(err) // only valid alignments are used
	}
	return al
}

// perfect is the perfect string answer for a document, with the strings in a form.
func perfect(d *ner.Document, form func(ner.Span) string) []ner.Mention {
	spans := slices.Clone(d.Spans)
	slices.SortFunc(spans, ner.Span.Compare)
	seen := map[ner.Mention]bool{}
	var mentions []ner.Mention
	for _, s := range spans {
		if m := (ner.Mention{Text: form(s), Type: s.Type}); !seen[m] {
			seen[m] = true
			mentions = append(mentions, m)
		}
	}
	return mentions
}

// count adds the counts of an answer under a name.
func (c ceilings) count(name string, d *ner.Document, placed answers.Placed) {
	counts := metrics.Count(metrics.SpanF1, &metrics.Passage{Text: d.Text, Gold: d.Spans, Pred: placed.Spans, Unaligned: placed.Unaligned})
	c[name] = c[name].Add(counts.ByType.Total())
}

func (c ceilings) f1(name string) *float64 {
	if f1, ok := c[name].F1(); ok {
		return &f1
	}
	return nil
}

func (c ceilings) values() map[string]*float64 {
	out := map[string]*float64{}
	for _, mode := range answers.Modes[:4] {
		out[mode] = c.f1(mode)
	}
	return out
}

// Written is the span F1 of perfect strings that are written as models write them
// (docs/spec/metrics.md §7.6): without the blanks of a tokenizer, and with the signs of
// a keyboard.
type Written struct {
	Default *float64 `json:"tiers=3"`
	Tiers4  *float64 `json:"tiers=4"`
}

// writtenCeilings counts the answers of [Written].
type writtenCeilings struct{ ceilings }

func (w writtenCeilings) add(d *ner.Document) {
	if len(d.Spans) == 0 {
		return
	}
	mentions := perfect(d, func(s ner.Span) string { return written(d.Surface(s)) })
	al := newAligner(d, answers.Alignment{Tiers: 4})
	placed := al.Align(mentions)
	w.count("4", d, placed)
	// Without the fourth tier, its mentions are unaligned. The mode all aligns each
	// mention by itself.
	var earlier, lost []ner.Mention
	for i, m := range mentions {
		if placed.Tiers[i] == 4 {
			lost = append(lost, m)
		} else {
			earlier = append(earlier, m)
		}
	}
	if len(lost) > 0 {
		placed = al.Align(earlier)
		placed.Unaligned = append(placed.Unaligned, lost...)
	}
	w.count("3", d, placed)
}

func (w writtenCeilings) values() Written { return Written{w.f1("3"), w.f1("4")} }

// CeilingText is a ceiling in percent, with two decimals.
func CeilingText(f *float64) string {
	if f == nil {
		return "–"
	}
	return strconv.FormatFloat(*f*100, 'f', 2, 64)
}
