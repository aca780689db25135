package loaders

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// biocDocument is a document of the families bioc-json and bioc-xml
// (docs/spec/formats.md §2) while it is being read. Its text is the text of its
// passages, joined by one space. Locations are offsets in the document, in code
// points.
type biocDocument struct {
	id       string
	texts    []string
	points   int // code points so far, including the next space
	mentions []biocMention
}

// biocMention is an annotation.
type biocMention struct {
	label      string
	skipped    bool // excluded by one of its properties
	locations  int
	start, end int // of all locations, in code points
	text       string
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
	if m.locations == 0 {
		m.start = offset
	}
	m.locations++
	m.start, m.end = min(m.start, offset), max(m.end, offset+length)
}

// passage adds a passage. Its own offset is checked, not used.
func (d *biocDocument) passage(r *reading, offset int, text string) {
	if offset != d.points {
		r.tally.Repairs["passage_offset"]++
	}
	d.texts = append(d.texts, text)
	d.points += utf8.RuneCountInString(text) + 1
}

// emitBioC emits a document. Annotations that the set excludes are counted
// (skipped_annotations). Several locations make a discontinuous mention.
func (r *reading) emitBioC(b *biocDocument) error {
	d := &ner.Document{Text: strings.Join(b.texts, " ")}
	points := ner.NewCodePoints(d.Text)
	var spans []labelled
	for _, m := range b.mentions {
		if m.skipped {
			r.tally.Repairs["skipped_annotations"]++
			continue
		}
		if m.locations == 0 {
			return fmt.Errorf("document %s: an annotation has no location", b.id)
		}
		s, err := r.pointSpan(points, m.start, m.end, m.label)
		if err != nil {
			return fmt.Errorf("document %s: %w", b.id, err)
		}
		if s.gap = m.locations > 1; !s.gap {
			r.checkText(d.Text, s, m.text)
		}
		spans = append(spans, s)
	}
	return r.emit(d, spans)
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
	offset   int
	text     string
	texts    bool // the passage has a text
	mention  *biocMention
	key      string // of the current infon
	data     []byte // character data of the current element
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
		b.document = &biocDocument{}
	case "passage":
		b.offset, b.text, b.texts = -1, "", false
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
			return fmt.Errorf("location: expected numbers as offset and length: %w", err)
		}
		b.mention.location(offset, length)
	}
	return nil
}

func (b *biocXML) end(name string) error {
	if b.document == nil {
		return nil
	}
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
			return fmt.Errorf("offset: expected a number: %w", err)
		}
		b.offset = offset
	case "text":
		if b.mention != nil {
			b.mention.text = string(b.data)
		} else {
			b.text, b.texts = string(b.data), true
		}
	case "annotation":
		b.document.mentions = append(b.document.mentions, *b.mention)
		b.mention = nil
	case "passage":
		if b.texts {
			b.document.passage(b.reading, b.offset, b.text)
		}
	case "document":
		d := b.document
		b.document = nil
		return b.emitBioC(d)
	}
	return nil
}
