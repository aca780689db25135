package loaders

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// readChemdner reads the family chemdner-tsv (docs/spec/formats.md §2): documents
// "PMID TAB title TAB abstract" in *.abstracts.txt, and mentions "PMID TAB T|A TAB
// start TAB end TAB mention TAB class" in *.annotations.txt. Offsets are code
// points of the title or of the abstract. The text is title, space, abstract.
//
// Policy: if the mention's own string differs from the text, the offsets are used
// (text_mismatch). Mentions of missing documents are counted
// (mentions_without_document).
func readChemdner(r *reading) error {
	c := &chemdner{reading: r, mentions: map[string][]chemdnerMention{}}
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, step := range []struct {
		suffix string
		line   func([]byte) error
	}{{".annotations.txt", c.mention}, {".abstracts.txt", c.document}} {
		for _, name := range names {
			if !withSuffix(step.suffix)(name) {
				continue
			}
			if err := r.lines(name, step.line); err != nil {
				return err
			}
		}
	}
	if !c.met {
		return errors.New("*.annotations.txt: contain no mention")
	}
	for _, left := range c.mentions {
		r.tally.Repairs["mentions_without_document"] += len(left)
	}
	return nil
}

type chemdner struct {
	*reading
	mentions map[string][]chemdnerMention // by document
	met      bool                         // a mention
}

type chemdnerMention struct {
	abstract    bool // offsets are in the abstract, not in the title
	start, end  int
	text, class string
}

// columnsOf splits a line at tabs; an empty line has no columns.
func columnsOf(line []byte, want int, form string) ([]string, error) {
	if line == nil {
		return nil, errLong
	}
	if err := checkUTF8(line); err != nil || len(line) == 0 {
		return nil, err
	}
	columns := strings.Split(string(line), "\t")
	if len(columns) != want {
		return nil, fmt.Errorf("%d columns, expected %s, separated by one tab", len(columns), form)
	}
	return columns, nil
}

func (c *chemdner) mention(line []byte) error {
	columns, err := columnsOf(line, 6, "PMID, T or A, start, end, mention, class")
	if err != nil || columns == nil {
		return err
	}
	m := chemdnerMention{abstract: columns[1] == "A", text: columns[4], class: columns[5]}
	var err1, err2 error
	m.start, err1 = strconv.Atoi(columns[2])
	m.end, err2 = strconv.Atoi(columns[3])
	if err1 != nil || err2 != nil || columns[1] != "A" && columns[1] != "T" {
		return fmt.Errorf("%q: expected T or A, and two numbers", columns[1:4])
	}
	c.met = true
	c.mentions[columns[0]] = append(c.mentions[columns[0]], m)
	return nil
}

func (c *chemdner) document(line []byte) error {
	columns, err := columnsOf(line, 3, "PMID, title, abstract")
	if err != nil || columns == nil {
		return err
	}
	title, abstract := columns[1], columns[2]
	d := &ner.Document{Text: title + " " + abstract}
	points := ner.NewCodePoints(d.Text)
	titlePoints := utf8.RuneCountInString(title)
	var spans []labelled
	for _, m := range c.mentions[columns[0]] {
		from, to := 0, titlePoints
		if m.abstract {
			from, to = titlePoints+1, points.Len()
		}
		if m.start < 0 || from+m.end > to {
			return fmt.Errorf("mention %q: offsets %d to %d are outside its %d code points", m.text, m.start, m.end, to-from)
		}
		s, err := c.pointSpan(points, from+m.start, from+m.end, m.class)
		if err != nil {
			return err
		}
		c.checkText(d.Text, s, m.text)
		spans = append(spans, s)
	}
	delete(c.mentions, columns[0])
	return c.emit(d, spans)
}
