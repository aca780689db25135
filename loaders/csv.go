package loaders

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// records reads the records of a CSV file (RFC 4180) by the names of its columns,
// from its header or from the dataset file. Fields are separated by a comma, or by the
// separator of the set's fields. It reads line by line, since this is
// several times as fast as package encoding/csv for files with one token per
// record.
type records struct {
	names  []string
	needed []string
	comma  byte
	use    func(c *records, fields [][]byte) error

	at     []int    // columns of the required fields
	fields [][]byte // all fields of a record
	chosen [][]byte // the required fields
	quoted []byte   // values of quoted fields
	begun  []byte   // a record that continues on the next line
	inside bool     // a quote is open at the end of begun
	gap    bool     // there are blank lines before the current record
}

// eachRecord calls use with the required fields of each record of a CSV file, in
// the given order; they are valid until use returns. Errors name the file and the
// line on which a record ends.
func (r *reading) eachRecord(name string, columns, needed []string, use func(c *records, fields [][]byte) error) error {
	c := &records{names: columns, needed: needed, comma: ',', use: use, chosen: make([][]byte, len(needed))}
	if f := r.set.Fields; f != nil {
		c.comma = map[string]byte{"semicolon": ';', "tab": '\t', "comma": ',', "": ','}[f.Separator]
	}
	if columns != nil {
		if err := c.find(); err != nil {
			return fmt.Errorf("%s: %w", r.shown(name), err)
		}
	}
	if err := r.lines(name, c.line); err != nil {
		return err
	}
	switch {
	case c.inside:
		return fmt.Errorf("%s: a quoted field of the last record does not end", r.shown(name))
	case c.at == nil:
		return fmt.Errorf("%s: header: the file is empty", r.shown(name))
	}
	return nil
}

// find finds the required columns.
func (c *records) find() error {
	c.at = make([]int, len(c.needed))
	for i, column := range c.needed {
		if c.at[i] = slices.Index(c.names, column); c.at[i] < 0 {
			return fmt.Errorf("column %q: missing (columns: %s)%s", column, strings.Join(c.names, ", "), c.otherSeparator())
		}
	}
	return nil
}

// otherSeparator is advice for a header that is one field with another separator.
func (c *records) otherSeparator() string {
	if len(c.names) == 1 {
		for name, b := range map[string]string{"comma": ",", "semicolon": ";", "tab": "\t"} {
			if strings.Contains(c.names[0], b) {
				return fmt.Sprintf(": set separator = %q", name)
			}
		}
	}
	return ""
}

func (c *records) line(line []byte) error {
	if line == nil {
		return errLong
	}
	if err := checkUTF8(line); err != nil {
		return err
	}
	if len(line) == 0 && !c.inside {
		c.gap = true
		return nil
	}
	record := line
	if c.inside {
		c.begun = append(append(c.begun, '\n'), line...)
		record = c.begun
	}
	if odd := bytes.Count(line, []byte{'"'})%2 == 1; odd {
		if c.inside = !c.inside; c.inside {
			c.begun = append(c.begun[:0], line...)
		}
	}
	if c.inside {
		if len(c.begun) > longestLine {
			return fmt.Errorf("a record of more than %d MiB: a quoted field probably does not end", longestLine>>20)
		}
		return nil
	}
	return c.record(record)
}

// record processes a whole record.
func (c *records) record(record []byte) error {
	if err := c.split(record); err != nil {
		return err
	}
	if c.at == nil {
		for _, f := range c.fields {
			c.names = append(c.names, string(f))
		}
		return c.find()
	}
	if len(c.fields) != len(c.names) {
		return fmt.Errorf("%d fields, expected %d: %s", len(c.fields), len(c.names), strings.Join(c.names, ", "))
	}
	for i, at := range c.at {
		c.chosen[i] = c.fields[at]
	}
	err := c.use(c, c.chosen)
	c.gap = false
	return err
}

var (
	errQuoteWithin = errors.New("a quote within a field that is not quoted")
	errBehindQuote = errors.New("text after the quote that ends a field")
)

// split finds the fields of a record.
func (c *records) split(record []byte) error {
	c.fields, c.quoted = c.fields[:0], slices.Grow(c.quoted[:0], len(record))
	for {
		var field []byte
		if len(record) > 0 && record[0] == '"' {
			start := len(c.quoted)
			rest, err := c.quote(record[1:])
			if err != nil {
				return err
			}
			field, record = c.quoted[start:], rest
		} else {
			end := bytes.IndexByte(record, c.comma)
			if end < 0 {
				end = len(record)
			}
			field, record = record[:end], record[end:]
			if bytes.IndexByte(field, '"') >= 0 {
				return errQuoteWithin
			}
		}
		c.fields = append(c.fields, field)
		if len(record) == 0 {
			return nil
		}
		record = record[1:]
	}
}

// quote reads a quoted value up to its end, and returns the rest: nothing, or a
// separator and more. Two quotes are an escaped quote.
func (c *records) quote(text []byte) (rest []byte, err error) {
	for {
		end := bytes.IndexByte(text, '"')
		if end < 0 {
			return nil, errBehindQuote // the number of quotes is even, but they are misplaced
		}
		c.quoted = append(c.quoted, text[:end]...)
		text = text[end+1:]
		switch {
		case len(text) == 0 || text[0] == c.comma:
			return text, nil
		case text[0] != '"':
			return nil, errBehindQuote
		}
		c.quoted = append(c.quoted, '"')
		text = text[1:]
	}
}
