package loaders

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"nerbench/ner"
)

// readPubtator reads the family pubtator (docs/spec/formats.md §2): documents
// separated by blank lines, each with a title line, an abstract line, and lines of
// mentions and relations. The text is title, one space, abstract; offsets are its
// code points.
//
// Policy: a line with integers in columns 2 and 3 is a mention, every other line
// with tabs is a relation (relation_lines). Other lines stop the reading. A document
// without mentions is counted (records_without_mentions): a file that was cut before
// them looks the same.
func readPubtator(r *reading) error {
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		p := &pubtator{reading: r}
		if err := r.lines(name, p.line); err != nil {
			return err
		}
		if err := p.end(); err != nil {
			return err
		}
	}
	return nil
}

type pubtator struct {
	*reading
	id, title, abstract string
	hasTitle, hasText   bool
	annotated           bool // the document has a line of a mention
	points              ner.CodePoints
	spans               []labelled
}

func (p *pubtator) line(line []byte) error {
	if line == nil {
		return errLong
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return p.end()
	}
	if err := checkUTF8(line); err != nil {
		return err
	}
	if !p.hasText {
		return p.head(string(line))
	}
	columns := bytes.Split(line, []byte("\t"))
	if len(columns) < 4 {
		return fmt.Errorf("%d columns, expected a mention or a relation of document %s", len(columns), p.id)
	}
	start, err1 := strconv.Atoi(string(columns[1]))
	end, err2 := strconv.Atoi(string(columns[2]))
	if err1 != nil || err2 != nil || len(columns) < 5 {
		p.tally.Repairs["relation_lines"]++
		return nil
	}
	s, err := p.pointSpan(p.points, start, end, string(columns[4]))
	if err != nil {
		return err
	}
	if p.text()[s.start:s.end] != string(columns[3]) {
		p.tally.Repairs["text_mismatch"]++
	}
	p.spans, p.annotated = append(p.spans, s), true
	return nil
}

// head reads the lines "id|t|title" and "id|a|abstract".
func (p *pubtator) head(line string) error {
	kind := byte('t')
	if p.hasTitle {
		kind = 'a'
	}
	parts := bytes.SplitN([]byte(line), []byte("|"), 3)
	if len(parts) != 3 || string(parts[1]) != string(kind) {
		return fmt.Errorf("expected ID|%c|text", kind)
	}
	if kind == 't' {
		p.id, p.title, p.hasTitle = string(parts[0]), string(parts[2]), true
		return nil
	}
	p.abstract, p.hasText = string(parts[2]), true
	p.points = ner.NewCodePoints(p.text())
	return nil
}

func (p *pubtator) text() string { return p.title + " " + p.abstract }

// end makes a document of the lines so far, if there are any.
func (p *pubtator) end() error {
	if !p.hasTitle {
		return nil
	}
	if !p.hasText {
		return fmt.Errorf("document %s: has no abstract line", p.id)
	}
	if !p.annotated {
		p.tally.Repairs["records_without_mentions"]++
	}
	d := &ner.Document{Text: p.text()}
	spans := slices.Clone(p.spans)
	*p = pubtator{reading: p.reading, spans: p.spans[:0]}
	return p.emit(d, spans)
}
