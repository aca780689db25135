package compare

import (
	"nerbench/metrics"
	"nerbench/ner"
)

// Passage has the counts and the hits of one passage of one system.
type Passage struct {
	document string
	tally    metrics.Tally
	hits     []hit
}

// hit is a gold entity that was predicted.
type hit struct {
	text       string
	typ        ner.EntityType
	start, end int // code points; -1: a string without a position
}

// NewPassage counts a passage of one system. document is the id of its document.
func NewPassage(m metrics.Metric, document string, p *metrics.Passage) Passage {
	return Passage{document, m.Count(p).ByType, hitsOf(m, p)}
}

// hitsOf lists the correct predictions of a metric: spans for the metrics of spans
// (exact ones: half points are no hits), else strings.
func hitsOf(m metrics.Metric, p *metrics.Passage) []hit {
	if m.OfSpans() {
		return spanHits(p)
	}
	var hits []hit
	match := func(pred, gold []ner.Mention) {
		left := map[ner.Mention]bool{}
		for _, g := range gold {
			left[g] = true
		}
		for _, s := range pred {
			if left[s] {
				delete(left, s)
				hits = append(hits, hit{s.Text, s.Type, -1, -1})
			}
		}
	}
	if m.Protocol != "" {
		match(p.Items[m.Protocol].Pred, p.Items[m.Protocol].Gold)
		return hits
	}
	queries := p.Published
	if m.Reader == "ladder" {
		queries = p.Lenient
	}
	for _, q := range queries {
		match(typed(q.Pred, q.Type), typed(q.Gold, q.Type))
	}
	return hits
}

func typed(texts []string, t ner.EntityType) []ner.Mention {
	out := make([]ner.Mention, len(texts))
	for i, s := range texts {
		out[i] = ner.Mention{Text: s, Type: t}
	}
	return out
}

func spanHits(p *metrics.Passage) []hit {
	gold := map[ner.Span]bool{}
	for _, s := range p.Gold {
		gold[s] = true
	}
	points := ner.NewCodePoints(p.Text)
	var hits []hit
	for _, s := range p.Pred {
		if gold[s] {
			delete(gold, s) // once, though it may be predicted twice
			hits = append(hits, hit{p.Text[s.Start:s.End], s.Type, points.CodePoint(s.Start), points.CodePoint(s.End)})
		}
	}
	return hits
}
