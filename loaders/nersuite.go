package loaders

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// readNersuite reads the family nersuite (docs/spec/formats.md §2): tag, start,
// end, token, lemma, part of speech, chunk, separated by tabs. A sentence ends at a
// blank line and at the end of a document's file.
//
// Policy: offsets count the code points of the document. They are compared with the
// token, and a mismatch stops the reading.
func readNersuite(r *reading) error {
	b, err := newBlock(r, "iob2", "")
	if err != nil {
		return err
	}
	n := &nersuite{block: b}
	return r.each(withSuffix(".nersuite"), func(name string) error {
		n.last = 0
		if err := r.lines(name, n.line); err != nil {
			return err
		}
		return n.end()
	})
}

type nersuite struct {
	*block
	last int // end of the previous token, in code points of the document
}

// nersuiteColumns are tag, start, end, token, lemma, part of speech, chunk.
const nersuiteColumns = 7

func (n *nersuite) line(line []byte) error {
	if line == nil {
		return errLong
	}
	if err := checkUTF8(line); err != nil {
		return err
	}
	if len(bytes.Trim(line, " \t")) == 0 {
		return n.end()
	}
	columns := bytes.Split(line, []byte("\t"))
	if len(columns) != nersuiteColumns {
		return fmt.Errorf("%d columns, expected %d separated by one tab: tag, start, end, token, lemma, part of speech, chunk", len(columns), nersuiteColumns)
	}
	start, err1 := strconv.Atoi(string(columns[1]))
	end, err2 := strconv.Atoi(string(columns[2]))
	if err1 != nil || err2 != nil || start < n.last || end-start != utf8.RuneCount(columns[3]) {
		return fmt.Errorf("offsets %s to %s: expected those of the token %q, from %d on", columns[1], columns[2], columns[3], n.last)
	}
	n.last = end
	return n.token(columns[3], columns[0])
}
