package loaders

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"nerbench/datasets"
	"nerbench/ner"
)

// readConll reads the family conll (docs/spec/formats.md §2): one token per line,
// documents separated by blank lines. The text of a document is the unchanged
// tokens, joined by one space.
//
// Policy: a wrong number of columns, an unknown tag or label, and invalid UTF-8
// stop the reading. An I- tag without a span to continue begins a span (orphan_i).
// Spaces at the ends of a span are trimmed (trimmed_span); a span of only spaces is
// left out (empty_span). The dataset file may select more lines to skip.
func readConll(r *reading) error {
	p := r.set.Conll
	if p == nil {
		p = r.dataset.Conll
	}
	if p == nil {
		return fmt.Errorf("its file has no table [conll]")
	}
	names, err := r.files()
	if err != nil {
		return err
	}
	c := &conll{p: p, turned: r.dataset.LabelRule == datasets.PositionLast}
	if c.block, err = newBlock(r, c.p.Scheme, c.p.StripPrefix); err != nil {
		return err
	}
	c.emptyOnly = c.p.Blank == "empty"
	switch c.p.Separator {
	case "tab":
		c.separator = '\t'
	case "space":
		c.separator = ' '
	}
	for _, name := range names {
		if err := r.lines(name, c.line); err != nil {
			return err
		}
		// The end of the file ends its last block.
		if err := c.endBlock(); err != nil {
			return err
		}
	}
	return c.flush()
}

type conll struct {
	*block
	p         *datasets.Conll
	separator byte  // 0: any number of spaces and tabs
	emptyOnly bool  // only an empty line is blank
	turned    bool  // the letter of a tag is at its end
	starts    []int // of the columns of the current line, for separator 0
	ends      []int // ends of the columns of the current line

	// waiting is the previous block, if equal neighbours are merged.
	waiting      *ner.Document
	waitingSpans []labelled
}

func (c *conll) line(line []byte) error {
	if line == nil {
		return errLong
	}
	switch {
	case c.blank(line):
		return c.endBlock()
	case c.isMark(line):
		if err := c.endBlock(); err != nil {
			return err
		}
		return c.mark()
	}
	if err := c.split(line); err != nil {
		return err
	}
	token, tag, skip, err := c.cells(line)
	if err != nil || skip != "" {
		if err == nil {
			c.tally.Repairs[skip]++
		}
		return err
	}
	return c.token(token, tag)
}

// split finds the columns of a line, and checks its UTF-8 in the same pass, since
// there are many short lines.
func (c *conll) split(line []byte) error {
	c.ends = c.ends[:0]
	if c.separator == 0 {
		c.starts = c.starts[:0]
		for i := 0; i < len(line); i++ {
			if line[i] == ' ' || line[i] == '\t' {
				continue
			}
			c.starts = append(c.starts, i)
			for i < len(line) && line[i] != ' ' && line[i] != '\t' {
				i++
			}
			c.ends = append(c.ends, i)
		}
		return checkUTF8(line)
	}
	var all byte
	for i, b := range line {
		all |= b
		if b == c.separator {
			c.ends = append(c.ends, i)
		}
	}
	c.ends = append(c.ends, len(line))
	if all < utf8.RuneSelf {
		return nil
	}
	return checkUTF8(line)
}

// column is a column of the current line.
func (c *conll) column(line []byte, i int) []byte {
	if c.separator == 0 {
		return line[c.starts[i]:c.ends[i]]
	}
	if i == 0 {
		return line[:c.ends[0]]
	}
	return line[c.ends[i-1]+1 : c.ends[i]]
}

func (c *conll) blank(line []byte) bool {
	if c.emptyOnly {
		return len(line) == 0
	}
	for _, b := range line {
		if b != ' ' && b != '\t' {
			return false
		}
	}
	return true
}

func (c *conll) isMark(line []byte) bool {
	for _, prefix := range c.p.SkipPrefix {
		if len(line) >= len(prefix) && string(line[:len(prefix)]) == prefix {
			return true
		}
	}
	return false
}

var outside = []byte("O")

// cells selects token and tag from the columns. skip is the kind of a line that is
// skipped.
func (c *conll) cells(line []byte) (token, tag []byte, skip string, err error) {
	n := len(c.ends)
	if n == 1 && c.p.SkipLines == "without-separator" {
		return nil, nil, "lines_without_separator", nil
	}
	if c.p.Columns > 0 && n != c.p.Columns && !(n == 1 && c.p.Untagged == "outside") {
		return nil, nil, "", c.otherColumns(line, fmt.Sprint(c.p.Columns))
	}
	column := c.p.TagColumn
	if column < 0 {
		column = n - 1
	}
	if c.p.TokenColumn >= n {
		return nil, nil, "", c.otherColumns(line, fmt.Sprintf("the token in column %d", c.p.TokenColumn+1))
	}
	token = c.column(line, c.p.TokenColumn)
	switch {
	case column < n && column != c.p.TokenColumn:
		tag = c.column(line, column)
	case c.p.Untagged == "outside":
		tag = outside
		c.tally.Repairs["untagged"]++
	default:
		return nil, nil, "", c.otherColumns(line, fmt.Sprintf("the tag in column %d", max(c.p.TagColumn, 1)+1))
	}
	if c.turned {
		if t := letterLast(tag); t != nil {
			tag = t
		}
	}
	if c.p.TokenPrefix != "" {
		short, ok := bytes.CutPrefix(token, []byte(c.p.TokenPrefix))
		if !ok {
			return nil, nil, "", fmt.Errorf("token %.80q: expected the prefix %s", token, c.p.TokenPrefix)
		}
		token = short
	}
	if c.p.BlankToken == "skip" && len(bytes.TrimSpace(token)) == 0 {
		return nil, nil, "blank_tokens", nil
	}
	return token, tag, "", nil
}

// otherColumns explains a line with too few or too many columns. It names a
// separator that would give more columns.
func (c *conll) otherColumns(line []byte, want string) error {
	by := "spaces and tabs"
	if c.separator != 0 {
		by = "one " + c.p.Separator
	}
	hint := ""
	if len(c.ends) == 1 && c.separator != 0 {
		switch {
		case bytes.IndexByte(line, '\t') >= 0:
			hint = `: the line has tabs, set separator = "tab"`
		case bytes.IndexByte(bytes.TrimSpace(line), ' ') >= 0:
			hint = `: the line has spaces, set separator = "space" or "blanks"`
		}
	}
	return fmt.Errorf("%d columns, expected %s, separated by %s%s", len(c.ends), want, by, hint)
}

// endBlock makes a document of the block, if it has any tokens.
func (c *conll) endBlock() error {
	d, spans := c.document()
	if d == nil {
		return nil
	}
	if c.leftOut(d.Text) {
		c.tally.Repairs["documents_left_out"]++
		return nil
	}
	if !c.p.MergeEqualNeighbours {
		return c.emit(d, spans)
	}
	spans = slices.Clone(spans)
	if c.waiting != nil && c.waiting.Text == d.Text && slices.Equal(c.waiting.Tokens, d.Tokens) {
		c.tally.Repairs["merged_blocks"]++
		c.waitingSpans = append(c.waitingSpans, spans...)
		return nil
	}
	if err := c.flush(); err != nil {
		return err
	}
	c.waiting, c.waitingSpans = d, spans
	return nil
}

// flush emits the block that waited for an equal neighbour.
func (c *conll) flush() error {
	if c.waiting == nil {
		return nil
	}
	d := c.waiting
	c.waiting = nil
	return c.emit(d, c.waitingSpans)
}

// leftOut reports whether the text contains all strings of one group.
func (c *conll) leftOut(text string) bool {
	return slices.ContainsFunc(c.p.LeaveOut, func(group []string) bool {
		return !slices.ContainsFunc(group, func(s string) bool { return !strings.Contains(text, s) })
	})
}
