package loaders

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"nerbench/ner"
)

// readACE reads the family ace-apf (docs/spec/formats.md §2): texts NAME.sgm and
// mentions NAME.apf.xml. The text is the .sgm file without its tags; line feeds and
// references are unchanged. Offsets count its code points, ends inclusive. The span
// of a mention is its extent or, if the set's fields select it, its head.
//
// Policy: if the mention's own string differs from the text, the offsets are used
// (text_mismatch).
func readACE(r *reading) error {
	texts, err := r.all(withSuffix(".sgm"))
	if err != nil {
		return err
	}
	annotations, err := r.all(withSuffix(".apf.xml"))
	if err != nil {
		return err
	}
	byText := companionsOf(annotations, ".apf.xml")
	part := "extent"
	if f := r.set.Fields; f != nil && f.Mentions != "" {
		part = f.Mentions
	}
	for _, t := range texts {
		a, found, err := byText.take(t, t.stem(".sgm"))
		if err != nil {
			return fmt.Errorf("%s: %w", r.shown(t.name), err)
		}
		if !found {
			return fmt.Errorf("%s: its file %s.apf.xml is missing", r.shown(t.name), t.stem(".sgm"))
		}
		whole, err := r.wholeOf(t)
		if err != nil {
			return err
		}
		if bytes.Contains(whole, []byte("<DOC>")) && !bytes.Contains(whole, []byte("</DOC>")) {
			return fmt.Errorf("%s: the file ends within <DOC>", r.shown(t.name))
		}
		text, err := withoutTags(string(whole))
		if err != nil {
			return fmt.Errorf("%s: %w", r.shown(t.name), err)
		}
		d := &ace{reading: r, part: part, text: text, points: ner.NewCodePoints(text)}
		if err := r.at(a, func(name string) error { return r.eachXML(name, d.met) }); err != nil {
			return err
		}
		if !d.document {
			return fmt.Errorf("%s: expected <document>", r.shown(a.name))
		}
		if err := r.emit(&ner.Document{Text: text}, d.spans); err != nil {
			return err
		}
	}
	return byText.left(".sgm")
}

// withoutTags removes everything between "<" and ">".
func withoutTags(text string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "<")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		if _, text, ok = strings.Cut(rest, ">"); !ok {
			return "", fmt.Errorf("the tag <%.20s is not closed", rest)
		}
	}
}

// ace is a document that is being read.
type ace struct {
	*reading
	part   string // extent or head
	text   string
	points ner.CodePoints
	spans  []labelled

	document   bool   // a document was read
	label      string // of the current entity
	in         bool   // the part of a mention
	start, end int
	own        []byte
}

func (d *ace) met(s *xmlScanner) error {
	switch {
	case s.kind == xmlStart && s.name == "document":
		d.document = true
	case s.kind == xmlStart && s.name == "entity":
		if d.label = s.attr("TYPE"); d.label == "" {
			return errors.New("entity: has no TYPE")
		}
	case s.kind == xmlEnd && s.name == "entity":
		d.label = ""
	case d.label == "":
	case s.name == d.part && s.kind == xmlStart:
		d.in = true
	case s.name == d.part && s.kind == xmlEnd:
		d.in = false
	case d.in && s.kind == xmlStart && s.name == "charseq":
		start, err1 := strconv.Atoi(s.attr("START"))
		end, err2 := strconv.Atoi(s.attr("END"))
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("charseq: expected numbers as START and END: %w", err)
		}
		d.start, d.end, d.own = start, end, d.own[:0]
	case d.in && s.kind == xmlText:
		d.own = append(d.own, s.text...)
	case d.in && s.kind == xmlEnd && s.name == "charseq":
		m, err := d.pointSpan(d.points, d.start, d.end+1, d.label)
		if err != nil {
			return err
		}
		if own := string(d.own); d.text[m.start:m.end] != own {
			if resolved, err := unescape(nil, []byte(strings.ToLower(d.text[m.start:m.end]))); err != nil || string(resolved) != strings.ToLower(own) {
				d.tally.Repairs["text_mismatch"]++
			}
		}
		d.spans = append(d.spans, m)
	}
	return nil
}
