package loaders

import (
	"slices"

	"nerbench/ner"
)

// block forms one document from tokens with tags, for all formats. Its text is the
// unchanged tokens, joined by one space (docs/spec/formats.md §1).
type block struct {
	*reading
	scheme tagScheme
	text   []byte
	tokens []ner.Range
	spans  []labelled
	open   openSpan
}

// openSpan is a span that is being formed: its label in the file, its entry in the
// label map, and its first token. Without an entry, no span is open.
type openSpan struct {
	native []byte
	label  *label
	first  int
}

func newBlock(r *reading, scheme, prefix string) (*block, error) {
	s, err := newTagScheme(scheme, prefix)
	return &block{reading: r, scheme: s}, err
}

// token adds a token. Its tag may end a span and begin another one.
func (b *block) token(token, tag []byte) error {
	b.add(token)
	return b.tag(&b.open, tag)
}

// tag ends and begins spans in one layer of tags, by the tag of the last token.
func (b *block) tag(open *openSpan, tag []byte) error {
	step, label, err := b.scheme(tag)
	if err != nil {
		return err
	}
	at := len(b.tokens) - 1
	label = b.labels.cut(label)
	if open.label != nil && !(step.continues && b.labels.continues(open.native, label)) {
		b.closeSpan(open, at-1)
	}
	if step.inside && open.label == nil {
		if step.orphan {
			b.tally.Repairs["orphan_i"]++
		}
		l, err := b.labels.find(label)
		if err != nil {
			return err
		}
		open.native = append(open.native[:0], label...)
		open.label, open.first = l, at
	}
	if step.last && open.label != nil {
		b.closeSpan(open, at)
	}
	return nil
}

// add adds the text of a token.
func (b *block) add(token []byte) {
	if len(b.tokens) > 0 {
		b.text = append(b.text, ' ')
	}
	start := len(b.text)
	b.text = append(b.text, token...)
	b.tokens = append(b.tokens, ner.Range{Start: start, End: len(b.text)})
}

// closeSpan ends the open span of a layer, if there is one, after a token.
func (b *block) closeSpan(open *openSpan, last int) {
	if open.label == nil {
		return
	}
	b.addSpan(open.first, last, open.label)
	open.label = nil
}

// addSpan adds the span of the tokens [first, last]. It trims spaces at the ends of
// the span, which occur in tokens and around empty tokens.
func (b *block) addSpan(first, last int, l *label) {
	from, to := b.tokens[first].Start, b.tokens[last].End
	start, end := trim(b.text, from, to)
	switch {
	case start == end:
		b.tally.Repairs["empty_span"]++
		return
	case start > from || end < to:
		b.tally.Repairs["trimmed_span"]++
	}
	b.spans = append(b.spans, labelled{start: start, end: end, label: l})
}

// trim removes the spaces at both ends of a range; they occur in tokens and around
// empty tokens.
func trim[T string | []byte](text T, start, end int) (int, int) {
	for start < end && text[start] == ' ' {
		start++
	}
	for start < end && text[end-1] == ' ' {
		end--
	}
	return start, end
}

// document returns the document and empties the block. The spans are valid until
// the next token. Without tokens there is no document.
func (b *block) document() (*ner.Document, []labelled) {
	b.closeSpan(&b.open, len(b.tokens)-1)
	if len(b.tokens) == 0 {
		return nil, nil
	}
	d := &ner.Document{Text: string(b.text), Tokens: slices.Clone(b.tokens)}
	spans := b.spans
	b.text, b.tokens, b.spans = b.text[:0], b.tokens[:0], b.spans[:0]
	return d, spans
}

// end emits the document of the block, if it has any tokens.
func (b *block) end() error {
	d, spans := b.document()
	if d == nil {
		return nil
	}
	return b.emit(d, spans)
}
