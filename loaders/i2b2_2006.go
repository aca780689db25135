package loaders

import (
	"errors"
	"strings"

	"nerbench/ner"
)

// reportEnd is at the end of every text of the corpus and is not part of it.
const reportEnd = "[ report_end ]"

// readI2B2Deid reads the family i2b2-2006-xml (docs/spec/formats.md §2): records
// with inline mentions, <PHI TYPE="…">. The text is the content of TEXT without
// tags and with references resolved, without the mark at its end and the line feeds
// at both ends.
//
// Policy: a PHI tag inside a PHI element is read as its end (unclosed_mention); the
// training file has one such tag. If text is removed at the ends, mentions are
// trimmed with it (trimmed_span); a mention of no text is left out (empty_span).
func readI2B2Deid(r *reading) error {
	return r.each(withSuffix(".xml"), func(name string) error {
		d := &deid{reading: r}
		return r.eachXML(name, d.met)
	})
}

type deid struct {
	*reading
	in    bool // in a text
	text  []byte
	open  string // label of the open mention
	start int
	found []inline
}

// inline is a mention in a text that is not yet trimmed.
type inline struct {
	start, end int
	label      string
}

func (d *deid) met(s *xmlScanner) error {
	s.unpaired = "PHI"
	switch {
	case s.kind == xmlStart && s.name == "TEXT":
		d.in, d.text, d.found, d.open = true, d.text[:0], d.found[:0], ""
	case !d.in:
	case s.kind == xmlText:
		d.text = append(d.text, s.text...)
	case s.kind == xmlStart && s.name == "PHI" && d.open != "":
		d.tally.Repairs["unclosed_mention"]++
		d.close()
	case s.kind == xmlStart && s.name == "PHI":
		if d.open = s.attr("TYPE"); d.open == "" {
			return errors.New("PHI: has no TYPE")
		}
		d.start = len(d.text)
	case s.kind == xmlEnd && s.name == "PHI":
		if d.open == "" {
			return errors.New("</PHI>: no PHI is open")
		}
		d.close()
	case s.kind == xmlEnd && s.name == "TEXT":
		if d.open != "" {
			return errors.New("</TEXT>: a PHI is open")
		}
		d.in = false
		return d.record()
	}
	return nil
}

func (d *deid) close() {
	d.found = append(d.found, inline{d.start, len(d.text), d.open})
	d.open = ""
}

// record makes a document from a text.
func (d *deid) record() error {
	text := withoutReportEnd(string(d.text), d.found)
	from := len(text) - len(strings.TrimLeft(text, "\n"))
	to := max(from, len(strings.TrimRight(text, "\n")))
	var spans []labelled
	for _, m := range d.found {
		start, end := max(m.start, from), min(m.end, to)
		if start >= end {
			d.tally.Repairs["empty_span"]++
			continue
		}
		if start != m.start || end != m.end {
			d.tally.Repairs["trimmed_span"]++
		}
		s, err := d.span(start-from, end-from, m.label)
		if err != nil {
			return err
		}
		spans = append(spans, s)
	}
	return d.emit(&ner.Document{Text: text[from:to]}, spans)
}

// withoutReportEnd removes the marks from a text, and moves the mentions in it.
func withoutReportEnd(text string, found []inline) string {
	for {
		at := strings.Index(text, reportEnd)
		if at < 0 {
			return text
		}
		behind := at + len(reportEnd)
		moved := func(i int) int {
			if i >= behind {
				return i - len(reportEnd)
			}
			return min(i, at)
		}
		text = text[:at] + text[behind:]
		for i := range found {
			found[i].start, found[i].end = moved(found[i].start), moved(found[i].end)
		}
	}
}
