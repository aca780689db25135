package loop

import (
	"slices"

	"nerbench/answers"
	"nerbench/metrics"
	"nerbench/ner"
)

// Imported makes what metrics see of a prediction that was not read from an
// answer: mentions without places, or spans. Mentions are placed by alignment;
// spans become strings as docs/spec/metrics.md §3.6 says. Types are as they come. What the
// protocols of other systems compare is made for those that are named.
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

// surfaceMentions are the strings of spans in order of (start, end); those that
// are no range of the text have none.
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

// typesOf are the types that gold or prediction of a document has: the others
// have empty strings on both sides.
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
