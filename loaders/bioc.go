package loaders

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// biocDocument is a document of the families bioc-json and bioc-xml
// (docs/spec/formats.md §2) while it is being read. Its text is the text of its
// passages, joined by one space.
type biocDocument struct {
	id       string
	text     []byte
	points   int // code points of the text so far
	passages int
	places   []biocPlace
	mentions []biocMention
}

// biocPlace is the place of a passage or a sentence: its own offset, and the byte
// and the code point of the text at which it begins.
type biocPlace struct{ own, bytes, points int }

// biocMention is an annotation.
type biocMention struct {
	label     string
	skipped   bool // excluded by one of its properties
	locations [][2]int
	text      string
	place     int // index of its passage or sentence in the document
}

// infon adds a property of the annotation.
func (m *biocMention) infon(r *reading, key, value string) {
	if key == "type" {
		m.label = value
	}
	if f := r.set.Fields; f != nil {
		left, ok := f.Skip[key]
		m.skipped = m.skipped || ok && left == value
	}
}

func (m *biocMention) location(offset, length int) {
	m.locations = append(m.locations, [2]int{offset, offset + length})
}

// biocPart is a passage or a sentence while it is being read.
type biocPart struct {
	offset    int
	text      *string
	mentions  []biocMention
	sentences []biocPart
}

// passage adds a passage. Its own offset is compared (passage_offset); it is used only
// where the mentions' own texts require it.
func (d *biocDocument) passage(r *reading, p *biocPart) {
	if p.text == nil && len(p.sentences) == 0 {
		d.keep(p.mentions, d.at(p.offset)) // nothing to add: a figure, or a passage with removed text
		return
	}
	if d.passages++; d.passages > 1 {
		d.add(" ")
	}
	if p.offset != d.points {
		r.tally.Repairs["passage_offset"]++
	}
	start := d.at(p.offset)
	if p.text != nil {
		d.add(*p.text)
	}
	for i := range p.sentences {
		s := &p.sentences[i]
		if p.text != nil || s.text == nil {
			d.keep(s.mentions, start)
			continue
		}
		d.gap(r, s.offset-p.offset-(d.points-start.points), i == 0)
		d.keep(s.mentions, d.at(s.offset))
		d.add(*s.text)
	}
	d.keep(p.mentions, start)
}

// gap adds the spaces before a sentence, by its offset. An offset that cannot be
// right is counted, and the sentence joined by one space.
func (d *biocDocument) gap(r *reading, n int, first bool) {
	const most = 64
	if n < 0 || n > most {
		r.tally.Repairs["sentence_offset"]++
		n = 1
		if first {
			n = 0
		}
	}
	d.add(strings.Repeat(" ", n))
}

func (d *biocDocument) add(text string) {
	d.text = append(d.text, text...)
	d.points += utf8.RuneCountInString(text)
}

// at is the place at the end of the text so far.
func (d *biocDocument) at(own int) biocPlace { return biocPlace{own, len(d.text), d.points} }

func (d *biocDocument) keep(mentions []biocMention, at biocPlace) {
	d.places = append(d.places, at)
	for _, m := range mentions {
		m.place = len(d.places) - 1
		d.mentions = append(d.mentions, m)
	}
}

// emitBioC emits a document. Annotations that the set excludes are counted
// (skipped_annotations). Several locations make a discontinuous mention.
func (r *reading) emitBioC(b *biocDocument) error {
	d := &ner.Document{Text: string(b.text)}
	var mentions []placed
	var origins []biocPlace
	for _, m := range b.mentions {
		if m.skipped {
			r.tally.Repairs["skipped_annotations"]++
			continue
		}
		if len(m.locations) == 0 {
			return fmt.Errorf("document %s: an annotation has no location", b.id)
		}
		p := placed{label: m.label, fragments: m.locations}
		if len(m.locations) == 1 && m.text != "" {
			p.own = &m.text
		}
		mentions, origins = append(mentions, p), append(origins, b.places[m.place])
	}
	spans, err := r.placeAs(r.labelOf, d.Text, biocAttempts(d.Text, mentions, origins)...)
	if err != nil {
		return fmt.Errorf("document %s: %w", b.id, err)
	}
	return r.emit(d, spans)
}

// biocAttempts are the ways to understand locations, the usual one first: code points
// of the text, code points that the offsets of passages define, code points of the
// passage, and the first two in other units.
func biocAttempts(text string, mentions []placed, origins []biocPlace) []attempt {
	points := inPoints(text)
	if mismatches(text, mentions, points) == 0 {
		return []attempt{{points, mentions}}
	}
	own := func(p biocPlace) int { return p.points - p.own }
	all := []attempt{{points, mentions}}
	all = append(all, attempt{&ruler{counter: "offsets_of_passages", unit: points.unit, points: points.points}, moved(mentions, origins, own)})
	all = append(all, attempt{&ruler{counter: "offsets_in_passages", unit: points.unit, points: points.points}, moved(mentions, origins, func(p biocPlace) int { return p.points })})
	if points.points.Len() == len(text) {
		return all
	}
	bytes := inBytes(text)
	bytes.counter = "byte_offsets"
	all = append(all, attempt{bytes, mentions}, attempt{bytes, moved(mentions, origins, func(p biocPlace) int { return p.bytes - p.own })})
	if !isBasic(text) {
		all = append(all, attempt{inUTF16(text), mentions})
	}
	return all
}

// moved are mentions whose locations are moved by the places of their passages.
func moved(mentions []placed, origins []biocPlace, by func(biocPlace) int) []placed {
	all := slices.Clone(mentions)
	for i := range all {
		all[i].fragments = slices.Clone(all[i].fragments)
		for k := range all[i].fragments {
			all[i].fragments[k][0] += by(origins[i])
			all[i].fragments[k][1] += by(origins[i])
		}
	}
	return all
}

// readBioCXML reads the family bioc-xml.
func readBioCXML(r *reading) error {
	return r.each(func(string) bool { return true }, func(name string) error {
		b := &biocXML{reading: r}
		return r.eachXML(name, b.met)
	})
}

type biocXML struct {
	*reading
	document *biocDocument
	passage  *biocPart
	sentence *biocPart
	mention  *biocMention
	key      string // of the current infon
	data     []byte // character data of the current element
}

// part is the sentence or the passage that is being read; nil outside.
func (b *biocXML) part() *biocPart {
	if b.sentence != nil {
		return b.sentence
	}
	return b.passage
}

func (b *biocXML) met(s *xmlScanner) error {
	switch s.kind {
	case xmlText:
		b.data = append(b.data, s.text...)
		return nil
	case xmlStart:
		b.data = b.data[:0]
		return b.begin(s)
	}
	return b.end(s.name)
}

func (b *biocXML) begin(s *xmlScanner) error {
	switch s.name {
	case "document":
		b.document, b.passage, b.sentence = &biocDocument{}, nil, nil
	case "passage":
		b.passage, b.sentence = &biocPart{offset: -1}, nil
	case "sentence":
		if b.passage != nil {
			b.sentence = &biocPart{offset: -1}
		}
	case "annotation":
		b.mention = &biocMention{}
	case "infon":
		b.key = s.attr("key")
	case "location":
		if b.mention == nil {
			return nil // belongs to a relation
		}
		offset, err1 := strconv.Atoi(s.attr("offset"))
		length, err2 := strconv.Atoi(s.attr("length"))
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("location: expected numbers as offset and length, found %q and %q", s.attr("offset"), s.attr("length"))
		}
		b.mention.location(offset, length)
	}
	return nil
}

func (b *biocXML) end(name string) error {
	if b.document == nil {
		return nil
	}
	part := b.part()
	switch name {
	case "id":
		b.document.id = string(b.data)
	case "infon":
		if b.mention != nil {
			b.mention.infon(b.reading, b.key, string(b.data))
		}
	case "offset":
		offset, err := strconv.Atoi(strings.TrimSpace(string(b.data)))
		if err != nil {
			return fmt.Errorf("offset: expected a number, found %.40q", b.data)
		}
		if part != nil {
			part.offset = offset
		}
	case "text":
		text := string(b.data)
		if b.mention != nil {
			b.mention.text = text
		} else if part != nil {
			part.text = &text
		}
	case "annotation":
		if b.mention == nil {
			return nil
		}
		if part == nil {
			b.document.keep([]biocMention{*b.mention}, biocPlace{})
		} else {
			part.mentions = append(part.mentions, *b.mention)
		}
		b.mention = nil
	case "sentence":
		if b.sentence != nil {
			b.passage.sentences = append(b.passage.sentences, *b.sentence)
			b.sentence = nil
		}
	case "passage":
		if b.passage != nil {
			b.document.passage(b.reading, b.passage)
			b.passage = nil
		}
	case "document":
		d := b.document
		b.document = nil
		return b.emitBioC(d)
	}
	return nil
}
