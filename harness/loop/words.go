package loop

import (
	"nerbench/answers"
	"nerbench/metrics"
	"nerbench/ner"
)

// Words returns the lower-case words of a document for buckets: its tokens, or where
// there are none, the words of its text.
func Words(d *ner.Document) metrics.Words {
	w := metrics.Words{Ranges: d.Tokens}
	if w.Ranges == nil {
		w.Ranges = answers.WordRanges(d.Text)
	}
	w.Lower = make([]string, len(w.Ranges))
	for i, r := range w.Ranges {
		w.Lower[i] = answers.Lower(d.Text[r.Start:r.End])
	}
	return w
}

// NewBucketing returns empty buckets of an attribute. train may be nil where the
// attribute does not need it.
func NewBucketing(a metrics.Attribute, train *metrics.Training) *metrics.Bucketing {
	return metrics.NewBucketing(a, train, lowerWords)
}

// lowerWords returns the lower-case words of a mention without a position.
func lowerWords(text string) []string {
	words := answers.Words(text)
	for i, w := range words {
		words[i] = answers.Lower(w)
	}
	return words
}
