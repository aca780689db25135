package compare

import (
	"slices"

	"nerbench/metrics"
	"nerbench/ner"
)

// Passage has the counts, the hits and the false positives of one passage of one system.
type Passage struct {
	document string
	tally    metrics.Tally
	hits     []hit
	spurious []hit
}

// hit is an item of a prediction: a gold entity that was predicted, or a prediction
// that is not gold. Comparable: two systems have the same hits where they agree.
type hit struct {
	text       string
	typ        ner.EntityType
	start, end int // code points; -1: a string without a position
}

// NewPassage counts a passage of one system. document is the id of its document.
func NewPassage(m metrics.Metric, document string, p *metrics.Passage) Passage {
	out := Passage{document: document, tally: m.Count(p).ByType}
	out.hits, out.spurious = hitsOf(m, p)
	return out
}

// hitsOf lists the correct predictions of a metric and the others, each once: spans
// for the metrics of spans (exact ones: half points are no hits), else strings.
func hitsOf(m metrics.Metric, p *metrics.Passage) (hits, spurious []hit) {
	if m.OfSpans() {
		return spanHits(p)
	}
	match := func(pred, gold []ner.Mention) {
		isGold, seen := map[ner.Mention]bool{}, map[ner.Mention]bool{}
		for _, g := range gold {
			isGold[g] = true
		}
		for _, s := range pred {
			if seen[s] {
				continue
			}
			seen[s] = true
			if h := (hit{s.Text, s.Type, -1, -1}); isGold[s] {
				hits = append(hits, h)
			} else {
				spurious = append(spurious, h)
			}
		}
	}
	if m.Protocol != "" {
		match(p.Items[m.Protocol].Pred, p.Items[m.Protocol].Gold)
		return hits, spurious
	}
	queries := p.Published
	if m.Reader == "ladder" {
		queries = p.Lenient
	}
	for _, q := range queries {
		match(typed(q.Pred, q.Type), typed(q.Gold, q.Type))
	}
	return hits, spurious
}

func typed(texts []string, t ner.EntityType) []ner.Mention {
	out := make([]ner.Mention, len(texts))
	for i, s := range texts {
		out[i] = ner.Mention{Text: s, Type: t}
	}
	return out
}

func spanHits(p *metrics.Passage) (hits, spurious []hit) {
	gold, seen := map[ner.Span]bool{}, map[ner.Span]bool{}
	for _, s := range p.Gold {
		gold[s] = true
	}
	points := ner.NewCodePoints(p.Text)
	for _, s := range p.Pred {
		if seen[s] { // once, though it may be predicted twice
			continue
		}
		seen[s] = true
		switch h := (hit{"", s.Type, s.Start, s.End}); {
		case !ner.ValidSpan(p.Text, s):
			spurious = append(spurious, h)
		default:
			h.text, h.start, h.end = p.Text[s.Start:s.End], points.CodePoint(s.Start), points.CodePoint(s.End)
			if gold[s] {
				hits = append(hits, h)
			} else {
				spurious = append(spurious, h)
			}
		}
	}
	for _, m := range p.Unaligned {
		if h := (hit{m.Text, m.Type, -1, -1}); !slices.Contains(spurious, h) {
			spurious = append(spurious, h)
		}
	}
	return hits, spurious
}
