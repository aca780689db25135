package loaders

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// records reads the records of a CSV file (RFC 4180) by the names of its
// columns, which its header has or, where there is none, columns.
type records struct {
	*csv.Reader
	names []string
	// gap tells that blank lines stood before the record at hand.
	gap  bool
	line int // that should come next, from 1
}

// eachRecord hands the needed fields of each record of a CSV file to f, in the
// order in which they are named; they are valid until f returns. Errors name the
// file and the line.
func (r *reading) eachRecord(name string, columns, needed []string, f func(c *records, fields []string) error) error {
	file, err := open(r.data, name)
	if err != nil {
		return err
	}
	defer file.Close()
	shown := r.shown(name)
	in := bufio.NewReaderSize(file, 1<<16)
	if head, err := in.Peek(len(bom)); err == nil && bytes.Equal(head, bom) {
		r.tally.Repairs["bom"]++
		if _, err := in.Discard(len(bom)); err != nil {
			return err
		}
	}
	c := &records{Reader: csv.NewReader(in), names: columns, line: 1}
	c.ReuseRecord = true
	if c.names == nil {
		head, err := c.next()
		if err != nil {
			return fmt.Errorf("%s: header: %w", shown, orEmpty(err))
		}
		c.names = slices.Clone(head)
	}
	c.FieldsPerRecord = len(c.names)
	at := make([]int, len(needed))
	fields := make([]string, len(needed))
	for i, column := range needed {
		if at[i] = slices.Index(c.names, column); at[i] < 0 {
			return fmt.Errorf("%s: column %q: missing (there are %s)", shown, column, strings.Join(c.names, ", "))
		}
	}
	for {
		record, err := c.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", shown, err)
		}
		line, _ := c.FieldPos(0)
		for i := range at {
			fields[i] = record[at[i]]
		}
		if err := f(c, fields); err != nil {
			if err == errStopped || r.ctx.Err() != nil {
				return err
			}
			return fmt.Errorf("%s:%d: %w", shown, line, err)
		}
	}
}

// orEmpty says that a file is empty.
func orEmpty(err error) error {
	if err == io.EOF {
		return errors.New("the file is empty")
	}
	return err
}

// next reads a record, and finds out whether blank lines, which the reader
// passes over, stood before it.
func (c *records) next() ([]string, error) {
	record, err := c.Read()
	if err != nil {
		return nil, err
	}
	line, _ := c.FieldPos(0)
	c.gap = line > c.line
	c.line = line + 1
	for _, field := range record {
		c.line += strings.Count(field, "\n")
		if !utf8.ValidString(field) {
			return nil, fmt.Errorf("line %d: %w", line, errUTF8)
		}
	}
	return record, nil
}
