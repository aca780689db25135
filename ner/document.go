package ner

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// EntityType is the natural-language name that a model is asked for, such as
// "program language". The labels and tags of native files stay in loaders.
type EntityType string

// Unknown is the reserved type of a predicted mention whose type does not
// resolve to a type of the dataset (docs/spec/metrics.md §1.3, option unknown=fp).
const Unknown EntityType = "?"

// Split names a part of a dataset.
type Split string

// The splits of a dataset.
const (
	Train Split = "train"
	Dev   Split = "dev"
	Test  Split = "test"
)

// Splits lists the splits in the order in which they are shown.
var Splits = []Split{Train, Dev, Test}

// Range is a half-open range of bytes, [Start, End).
type Range struct {
	Start, End int
}

// Span is an entity with its position: Text[Start:End) of its document, in bytes
// of UTF-8, with the type that a model is asked for.
type Span struct {
	Start, End int
	Type       EntityType
}

// Compare orders spans by start, end, and type (by bytes).
func (s Span) Compare(t Span) int {
	switch {
	case s.Start != t.Start:
		return cmpInt(s.Start, t.Start)
	case s.End != t.End:
		return cmpInt(s.End, t.End)
	case s.Type < t.Type:
		return -1
	case s.Type > t.Type:
		return 1
	}
	return 0
}

func cmpInt(a, b int) int {
	if a < b {
		return -1
	}
	return 1
}

// Document is one annotated instance of a dataset, the paper's "passage".
type Document struct {
	// ID is unique in the dataset: "<dataset>/<split>/<index>" with the 0-based place
	// in the file, unless the native file has document names.
	ID string
	// Text is valid UTF-8. For a dataset of tokens, it is the unchanged tokens, joined
	// by one space.
	Text string
	// Tokens are the byte ranges of the dataset's own tokens, in order; nil for a
	// dataset of running text.
	Tokens []Range
	// Spans is the gold annotation: a set, in the order of the file.
	Spans []Span
	// Mentions are gold without positions. Only custom files have them; string
	// metrics can be computed on them, span metrics cannot.
	Mentions []Mention
}

// Surface returns the text that a span covers.
func (d *Document) Surface(s Span) string { return d.Text[s.Start:s.End] }

// Check reports the first offset of the document that breaks docs/spec/metrics.md §13,
// property 8: 0 <= start < end <= len, on code point boundaries. With strict, it also
// reports a mention that begins or ends with white space, as in a few native files.
func (d *Document) Check(strict bool) error {
	if !utf8.ValidString(d.Text) {
		return fmt.Errorf("document %s: text is not valid UTF-8", d.ID)
	}
	for i, t := range d.Tokens {
		// Tokens may be empty: some native files hold empty tokens.
		if t.Start < 0 || t.Start > t.End || t.End > len(d.Text) || !Boundary(d.Text, t.Start) || !Boundary(d.Text, t.End) {
			return fmt.Errorf("document %s: token %d: range [%d,%d) is not inside the text of %d bytes", d.ID, i, t.Start, t.End, len(d.Text))
		}
	}
	for i, s := range d.Spans {
		if !ValidSpan(d.Text, s) {
			return fmt.Errorf("document %s: span %d: range [%d,%d) is not inside the text of %d bytes", d.ID, i, s.Start, s.End, len(d.Text))
		}
		first, _ := utf8.DecodeRuneInString(d.Text[s.Start:])
		last, _ := utf8.DecodeLastRuneInString(d.Text[:s.End])
		if strict && (unicode.IsSpace(first) || unicode.IsSpace(last)) {
			return fmt.Errorf("document %s: span %d: %q has white space at its edge", d.ID, i, d.Surface(s))
		}
	}
	return nil
}

// ValidSpan reports whether a span is a non-empty range inside text that
// begins and ends on code point boundaries.
func ValidSpan(text string, s Span) bool {
	return 0 <= s.Start && s.Start < s.End && s.End <= len(text) && Boundary(text, s.Start) && Boundary(text, s.End)
}

// Boundary reports whether byte offset i of text is the start of a code point
// or the end of the text.
func Boundary(text string, i int) bool {
	return i == len(text) || (0 <= i && i < len(text) && utf8.RuneStart(text[i]))
}
