package loaders

import (
	"bytes"
	"fmt"
)

// The columns of conll-2012 are counted from the left, since their number varies
// with the predicates of a sentence.
const (
	wordColumn2012 = 3
	nameColumn2012 = 10
)

// readConll2012 reads the family conll-2012 (docs/spec/formats.md §2): columns
// padded with several spaces, and names as brackets in one column, "(X", "*", ")".
// A document ends at a blank line, and at the lines that begin and end a file's
// document.
//
// Policy: a line with too few columns, nested brackets, and unclosed brackets stop
// the reading.
func readConll2012(r *reading) error {
	b, err := newBlock(r, "iob2", "")
	if err != nil {
		return err
	}
	c := &conll2012{b}
	return r.each(withSuffix("conll"), func(name string) error {
		if err := r.lines(name, c.line); err != nil {
			return err
		}
		if err := c.endUnit(); err != nil && err != errStopped {
			return fmt.Errorf("%s: %w", r.shown(name), err)
		} else if err != nil {
			return err
		}
		return nil
	})
}

type conll2012 struct{ *block }

func (c *conll2012) line(line []byte) error {
	if line == nil {
		return errLong
	}
	if err := checkUTF8(line); err != nil {
		return err
	}
	columns := bytes.FieldsFunc(line, func(r rune) bool { return r == ' ' })
	switch {
	case len(columns) == 0, bytes.HasPrefix(line, []byte("#begin document")), bytes.HasPrefix(line, []byte("#end document")):
		return c.endUnit()
	case len(columns) <= nameColumn2012:
		return fmt.Errorf("%d columns, expected the name in column %d", len(columns), nameColumn2012+1)
	}
	c.add(columns[wordColumn2012])
	return c.name(columns[nameColumn2012])
}

// name reads "*", "(X*", "*)" or "(X)".
func (c *conll2012) name(cell []byte) error {
	at := len(c.tokens) - 1
	label, opens := bytes.CutPrefix(cell, []byte("("))
	label, closes := bytes.CutSuffix(label, []byte(")"))
	label, more := bytes.CutSuffix(label, []byte("*"))
	switch {
	case opens == (len(label) == 0) || !more && !(opens && closes) || more && opens && closes || bytes.ContainsAny(label, "()*"):
		return fmt.Errorf("unknown name %q: expected *, (X*, *) or (X)", cell)
	case opens && c.open.label != nil:
		return fmt.Errorf("name %q begins inside %s", cell, c.open.native)
	case closes && !opens && c.open.label == nil:
		return fmt.Errorf("name %q ends, but no name is open", cell)
	}
	if opens {
		l, err := c.labels.find(label)
		if err != nil {
			return err
		}
		c.open.native = append(c.open.native[:0], label...)
		c.open.label, c.open.first = l, at
	}
	if closes {
		c.closeSpan(&c.open, at)
	}
	return nil
}

func (c *conll2012) endUnit() error {
	if c.open.label != nil {
		native := c.open.native
		c.open.label = nil
		return fmt.Errorf("name (%s* does not end before the end of the sentence", native)
	}
	return c.end()
}
