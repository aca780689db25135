package loop

import (
	"slices"

	"nerbench/answers"
	"nerbench/metrics"
	"nerbench/ner"
)

// Imported returns the input of metrics for a prediction that is not from an answer:
// mentions without positions, or spans. Mentions are aligned with the text. Spans are
// converted to strings (docs/spec/metrics.md §3.6). Types are not changed. The items of
// the named protocols are added.
func Imported(d *ner.Document, p ner.Prediction, how ParseOptions, protocols ...metrics.Protocol) (ParsedPassage, error) {
	u := ParsedPassage{Predictions: []ner.Prediction{p}}
	u.Passage.Text, u.Passage.Gold = d.Text, d.Spans
	fromSpans := p.Mentions == nil
	if fromSpans {
		p.Mentions = surfaceMentions(d, p.Spans)
		for _, m := range p.Unaligned {
			p.Mentions = append(p.Mentions, ner.FlaggedMention{Mention: m})
		}
	}
	types := typesOf(d, &p)
	gold := newSurfaces(d)
	u.Passage.Lenient = lenient(gold, &p, types, how.Unknown)
	u.Passage.Published = projected(gold, &p, types, how.Unknown)
	if !fromSpans {
		aligner, err := answers.NewAligner(d, how.Alignment)
		if err != nil {
			return u, err
		}
		u.Ambiguous = answers.Place(&p, aligner)
		u.Predictions[0] = p
	}
	u.Passage.Pred, u.Passage.Unaligned = p.Spans, p.Unaligned
	u.Passage.Items = (&PassageParser{options: how, protocols: protocols}).protocolItems(d, nil, []ner.Prediction{p})
	return u, nil
}

// surfaceMentions returns the strings of spans, ordered by (start, end). Spans that
// are not a range of the text are skipped.
func surfaceMentions(d *ner.Document, spans []ner.Span) []ner.FlaggedMention {
	ordered := slices.Clone(spans)
	slices.SortFunc(ordered, ner.Span.Compare)
	mentions := []ner.FlaggedMention{}
	for _, s := range ordered {
		if ner.ValidSpan(d.Text, s) {
			mentions = append(mentions, ner.FlaggedMention{Mention: ner.Mention{Text: d.Surface(s), Type: s.Type}})
		}
	}
	return mentions
}

// typesOf returns the types in the gold or the prediction of a document.
func typesOf(d *ner.Document, p *ner.Prediction) []ner.EntityType {
	var types []ner.EntityType
	for _, s := range d.Spans {
		types = append(types, s.Type)
	}
	for _, m := range d.Mentions {
		types = append(types, m.Type)
	}
	for _, m := range p.Mentions {
		if m.Type != ner.Unknown {
			types = append(types, m.Type)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}
