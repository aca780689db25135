package loaders

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"nerbench/ner"
)

// WriteConll writes a document as a block of a column file: token, tab, IOB2 tag of
// the type, and a blank line at the end. It returns an error if the document has no
// tokens, a token contains a tab or a line feed, a span does not consist of whole
// tokens, or spans overlap. White space between tokens is lost, since a parser of
// columns joins the tokens by one space.
func WriteConll(w io.Writer, d *ner.Document) error {
	tags, err := iob2(d)
	if err != nil {
		return fmt.Errorf("document %s: as columns: %w", d.ID, err)
	}
	var block []byte
	for i, t := range d.Tokens {
		block = append(append(block, d.Text[t.Start:t.End]...), '\t')
		block = append(append(block, tags[i]...), '\n')
	}
	_, err = w.Write(append(block, '\n'))
	return err
}

func iob2(d *ner.Document) ([]string, error) {
	if len(d.Tokens) == 0 {
		return nil, errors.New("it has no tokens")
	}
	tags := make([]string, len(d.Tokens))
	for i, t := range d.Tokens {
		if token := d.Text[t.Start:t.End]; strings.ContainsAny(token, "\t\n") {
			return nil, fmt.Errorf("token %d: %q contains a tab or a line feed", i, token)
		}
		tags[i] = "O"
	}
	for _, s := range d.Spans {
		first, last, ok := tokensOf(d, s)
		if !ok {
			return nil, fmt.Errorf("span %q does not consist of whole tokens", d.Surface(s))
		}
		for i := first; i <= last; i++ {
			if tags[i] != "O" {
				return nil, fmt.Errorf("span %q overlaps another one", d.Surface(s))
			}
			tags[i] = "I-" + string(s.Type)
		}
		tags[first] = "B-" + string(s.Type)
	}
	return tags, nil
}

// tokensOf finds the first and the last token of a span; ok is false if it does not
// consist of whole tokens. Spaces at the ends of tokens are not part of spans.
func tokensOf(d *ner.Document, s ner.Span) (first, last int, ok bool) {
	first = sort.Search(len(d.Tokens), func(i int) bool { return d.Tokens[i].End > s.Start })
	last = sort.Search(len(d.Tokens), func(i int) bool { return d.Tokens[i].Start >= s.End }) - 1
	if first > last {
		return 0, 0, false
	}
	start, end := trim(d.Text, d.Tokens[first].Start, d.Tokens[last].End)
	return first, last, start == s.Start && end == s.End
}
