package loaders

import (
	"cmp"
	"fmt"
	"slices"

	"nerbench/ner"
)

// tokenDocument joins unchanged tokens by one space (docs/spec/formats.md §1).
func tokenDocument(tokens []string) *ner.Document {
	size := len(tokens)
	for _, t := range tokens {
		size += len(t)
	}
	text := make([]byte, 0, size)
	d := &ner.Document{Tokens: make([]ner.Range, len(tokens))}
	for i, t := range tokens {
		if i > 0 {
			text = append(text, ' ')
		}
		start := len(text)
		text = append(text, t...)
		d.Tokens[i] = ner.Range{Start: start, End: len(text)}
	}
	d.Text = string(text)
	return d
}

// tokenSpan is the span of the tokens [first, last], both inclusive.
func (r *reading) tokenSpan(d *ner.Document, first, last int, label string) (labelled, error) {
	if first < 0 || last < first || last >= len(d.Tokens) {
		return labelled{}, fmt.Errorf("mention of tokens %d to %d: the document has %d tokens", first, last, len(d.Tokens))
	}
	return r.span(d.Tokens[first].Start, d.Tokens[last].End, label)
}

// span looks up the label of a mention.
func (r *reading) span(start, end int, label string) (labelled, error) {
	if start >= end {
		return labelled{}, fmt.Errorf("mention of type %s: covers no text", label)
	}
	l, err := r.labelOf(label)
	if err != nil {
		return labelled{}, err
	}
	return labelled{start: start, end: end, label: l}, nil
}

// labelOf finds a native label, by the rules of the dataset.
func (r *reading) labelOf(name string) (*label, error) {
	return r.labels.find(r.labels.cut([]byte(name)))
}

// pointSpan is the span of code points [start, end).
func (r *reading) pointSpan(points ner.CodePoints, start, end int, label string) (labelled, error) {
	from, err := points.Byte(start)
	if err != nil {
		return labelled{}, fmt.Errorf("mention: %w", err)
	}
	to, err := points.Byte(end)
	if err != nil {
		return labelled{}, fmt.Errorf("mention: %w", err)
	}
	if from >= to {
		return labelled{}, fmt.Errorf("mention: offsets %d to %d are not a range", start, end)
	}
	return r.span(from, to, label)
}

// byStart sorts mentions by their first token; mentions with the same first token
// stay in the order of the file.
func byStart(mentions []indexed) []indexed {
	sorted := slices.Clone(mentions)
	slices.SortStableFunc(sorted, func(a, b indexed) int { return cmp.Compare(a.start, b.start) })
	return sorted
}
