package loaders

import (
	"strings"

	"nerbench/ner"
)

// readGenia reads the family genia-xml (docs/spec/formats.md §2): sentences with
// nested elements <cons sem="…">. The text is the character data of a sentence. An
// element is a mention if its class has a label.
//
// Policy: elements of other classes, elements without a class, and coordinations
// such as (AND G#x G#y), with their parts, are not mentions. They are counted
// (other_classes, without_class, coordinations); elements nested in them are still
// read.
func readGenia(r *reading) error {
	return r.each(withSuffix(".xml"), func(name string) error {
		g := &genia{reading: r, classes: map[string]*label{}}
		return r.eachXML(name, g.met)
	})
}

type genia struct {
	*reading
	in      bool // in a sentence
	text    []byte
	open    []openCons
	spans   []labelled
	classes map[string]*label // found so far; nil: no label
}

// openCons is an open element; label is nil if it is not a mention.
type openCons struct {
	start int
	label *label
}

func (g *genia) met(s *xmlScanner) error {
	switch {
	case s.kind == xmlStart && s.name == "sentence":
		g.in, g.text, g.spans = true, g.text[:0], g.spans[:0]
	case !g.in:
	case s.kind == xmlText:
		g.text = append(g.text, s.text...)
	case s.kind == xmlStart && s.name == "cons":
		g.open = append(g.open, openCons{len(g.text), g.class(s.attr("sem"))})
	case s.kind == xmlEnd && s.name == "cons":
		c := g.open[len(g.open)-1]
		g.open = g.open[:len(g.open)-1]
		if c.label != nil {
			g.mention(c)
		}
	case s.kind == xmlEnd && s.name == "sentence":
		g.in = false
		return g.emit(&ner.Document{Text: string(g.text)}, g.spans)
	}
	return nil
}

// class finds the label of a class; nil if there is none.
func (g *genia) class(sem string) *label {
	switch {
	case sem == "":
		g.tally.Repairs["without_class"]++
	case strings.HasPrefix(sem, "("):
		g.tally.Repairs["coordinations"]++
	default:
		l, known := g.classes[sem]
		if !known {
			l, _ = g.labels.find([]byte(sem)) // an error means that there is no label
			g.classes[sem] = l
		}
		if l == nil {
			g.tally.Repairs["other_classes"]++
		}
		return l
	}
	return nil
}

func (g *genia) mention(c openCons) {
	if c.start == len(g.text) {
		g.tally.Repairs["empty_span"]++
		return
	}
	g.spans = append(g.spans, labelled{start: c.start, end: len(g.text), label: c.label})
}
