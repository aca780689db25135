package metrics

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"unicode/utf8"
)

// ColumnCounts are the counts of a column file.
type ColumnCounts struct {
	ByType            Tally
	Sentences, Tokens int
}

// Columns scores a column file (docs/spec/metrics.md §4.5): one token per line,
// with the predicted tag in the last column and the gold tag in the one before; a
// line without columns ends a sentence. It reads the stream once, in blocks, on all
// processors, with constant memory. An error in the file is a [LineError], always
// the first one.
func Columns(ctx context.Context, r io.Reader, scheme Scheme, mode Mode) (ColumnCounts, error) {
	// The first line with columns determines their number. It is set before the
	// first block with columns is passed to a worker, and only then.
	columns := 0
	look := func(b block) {
		if columns == 0 {
			columns = firstColumns(b.data)
		}
	}
	readers := make([]*columnReader, runtime.GOMAXPROCS(0))
	workers := make([]func(block) error, len(readers))
	for i := range readers {
		readers[i] = &columnReader{scorer: newFileScorer(scheme, mode), columns: &columns}
		workers[i] = readers[i].block
	}
	if err := eachBlock(ctx, r, cutAtSentence, look, workers); err != nil {
		return ColumnCounts{}, err
	}
	sum := ColumnCounts{ByType: Tally{}}
	for _, c := range readers {
		sum.ByType.Merge(c.scorer.tally())
		sum.Sentences += c.sentences
		sum.Tokens += c.tokens
	}
	return sum, nil
}

// columnReader scores blocks of a column file; a block has whole sentences.
type columnReader struct {
	scorer            *tagScorer
	columns           *int
	gold, pred        []tag
	sentences, tokens int
}

func (c *columnReader) block(b block) error {
	valid := utf8.Valid(b.data)
	for data, line := b.data, b.line; len(data) > 0; line++ {
		var text []byte
		text, data = cutLine(data)
		if err := c.line(text); err != nil {
			return &LineError{line, err}
		}
		if !valid && !utf8.Valid(text) {
			return &LineError{line, ErrTagBytes}
		}
	}
	c.endSentence()
	return nil
}

func (c *columnReader) line(text []byte) error {
	n, gold, pred := lastColumns(text)
	if n == 0 {
		c.endSentence()
		return nil
	}
	if n < 2 {
		return fmt.Errorf("%d column, want at least 2: gold and predicted tag", n)
	}
	if n != *c.columns {
		return fmt.Errorf("%d columns, want %d as in the first line", n, *c.columns)
	}
	for i, column := range [][]byte{gold, pred} {
		if n == 2 && c.scorer.reader.scheme != IO && !looksLikeTag(column) {
			return fmt.Errorf("2 columns, %.80q and %.80q: column %d is %w", gold, pred, i+1, ErrNoTag)
		}
	}
	g, err := c.scorer.reader.read(gold)
	if err != nil {
		return fmt.Errorf("gold: %w", err)
	}
	p, err := c.scorer.reader.read(pred)
	if err != nil {
		return fmt.Errorf("prediction: %w", err)
	}
	c.gold, c.pred = append(c.gold, g), append(c.pred, p)
	return nil
}

// looksLikeTag reports whether a column has the form of a tag of a common scheme: a
// letter alone, or before or after a type. Where a file has no other columns, one of
// them may be the token, and any text would be read as a tag (docs/spec/metrics.md
// §4.5).
func looksLikeTag(column []byte) bool {
	written := string(column)
	_, _, first := cutLetter(written)
	_, _, last := cutLastLetter(written)
	return isOutside(written) || first || last || len(written) == 1 && strings.Contains(letters, written)
}

func (c *columnReader) endSentence() {
	if len(c.gold) == 0 {
		return
	}
	c.scorer.add(c.gold, c.pred)
	c.sentences++
	c.tokens += len(c.gold)
	c.gold, c.pred = c.gold[:0], c.pred[:0]
}

// cutLine returns the first line of data, without its end, and the rest. Lines end
// at LF; one CR before it is removed.
func cutLine(data []byte) (line, rest []byte) {
	line = data
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		line, rest = data[:i], data[i+1:]
	}
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}

// lastColumns counts the columns of a line and returns the last two. Only spaces
// and tabs separate columns: a no-break space is part of a column.
func lastColumns(line []byte) (n int, lastButOne, last []byte) {
	for i := 0; i < len(line); {
		if line[i] == ' ' || line[i] == '\t' {
			i++
			continue
		}
		start := i
		for i < len(line) && line[i] != ' ' && line[i] != '\t' {
			i++
		}
		n++
		lastButOne, last = last, line[start:i]
	}
	return n, lastButOne, last
}

// firstColumns is the number of columns of the first line with columns.
func firstColumns(data []byte) int {
	for len(data) > 0 {
		var line []byte
		line, data = cutLine(data)
		if n, _, _ := lastColumns(line); n > 0 {
			return n
		}
	}
	return 0
}

// cutAtSentence cuts after the last line without columns.
func cutAtSentence(data []byte) int {
	for end := cutAtLine(data); end > 0; {
		start := cutAtLine(data[:end-1])
		if line, _ := cutLine(data[start:end]); len(bytes.Trim(line, " \t")) == 0 {
			return end
		}
		end = start
	}
	return 0
}
