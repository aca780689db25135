package loaders

import (
	"bytes"
	"fmt"
	"slices"
)

// readConllLayered reads the family conll-layered (docs/spec/formats.md §2): a
// token and layers of IOB2 tags, separated by tabs. Each layer is decoded
// separately; a sentence has the spans of all layers.
//
// Policy: lines with the prefixes of the set's table [set.conll] are document marks.
// Every other line has as many columns as the first line of its file.
func readConllLayered(r *reading) error {
	b, err := newBlock(r, "iob2", "")
	if err != nil {
		return err
	}
	c := &layered{block: b}
	if r.set.Conll != nil {
		c.marks = r.set.Conll.SkipPrefix
	}
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		c.layers = nil
		if err := r.lines(name, c.line); err != nil {
			return err
		}
		if err := c.endSentence(); err != nil {
			return err
		}
	}
	return nil
}

type layered struct {
	*block
	layers []openSpan
	marks  []string // prefixes of lines that are document marks
}

func (c *layered) line(line []byte) error {
	if line == nil {
		return errLong
	}
	if err := checkUTF8(line); err != nil {
		return err
	}
	if len(bytes.Trim(line, " \t")) == 0 {
		return c.endSentence()
	}
	if slices.ContainsFunc(c.marks, func(m string) bool { return bytes.HasPrefix(line, []byte(m)) }) {
		if err := c.endSentence(); err != nil {
			return err
		}
		return c.mark()
	}
	token, rest, ok := bytes.Cut(line, []byte("\t"))
	if !ok {
		return fmt.Errorf("1 column, expected a token and layers of tags, separated by one tab")
	}
	if layers := bytes.Count(rest, []byte("\t")) + 1; c.layers == nil {
		c.layers = make([]openSpan, layers)
	} else if layers != len(c.layers) {
		return fmt.Errorf("%d columns, expected %d as in the previous lines", layers+1, len(c.layers)+1)
	}
	c.add(token)
	for i := range c.layers {
		var tag []byte
		tag, rest, _ = bytes.Cut(rest, []byte("\t"))
		if err := c.tag(&c.layers[i], tag); err != nil {
			return fmt.Errorf("layer %d: %w", i+1, err)
		}
	}
	return nil
}

func (c *layered) endSentence() error {
	for i := range c.layers {
		c.closeSpan(&c.layers[i], len(c.tokens)-1)
	}
	return c.end()
}
