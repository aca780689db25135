package loaders

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"nerbench/ner"
)

// WriteConll writes a document as a block of a column file: token, tab, IOB2 tag
// of the type, and a blank line. A document without tokens, spans that do not
// begin and end with a token, and spans that overlap cannot be written so: they
// are errors.
func WriteConll(w io.Writer, d *ner.Document) error {
	tags, err := iob2(d)
	if err != nil {
		return fmt.Errorf("document %s: as columns: %w", d.ID, err)
	}
	out := bufio.NewWriter(w)
	for i, t := range d.Tokens {
		fmt.Fprintf(out, "%s\t%s\n", d.Text[t.Start:t.End], tags[i])
	}
	fmt.Fprintln(out)
	return out.Flush()
}

func iob2(d *ner.Document) ([]string, error) {
	if len(d.Tokens) == 0 && len(d.Text) > 0 {
		return nil, fmt.Errorf("it has no tokens")
	}
	tags := make([]string, len(d.Tokens))
	for i := range tags {
		tags[i] = "O"
	}
	for _, s := range d.Spans {
		first := slices.IndexFunc(d.Tokens, func(t ner.Range) bool { return t.Start == s.Start && t.End > t.Start })
		last := -1
		for i, t := range d.Tokens {
			if t.End == s.End && t.End > t.Start {
				last = i
			}
		}
		if first < 0 || last < first {
			return nil, fmt.Errorf("span [%d,%d) is not made of whole tokens", s.Start, s.End)
		}
		for i := first; i <= last; i++ {
			if tags[i] != "O" {
				return nil, fmt.Errorf("span [%d,%d) overlaps another one", s.Start, s.End)
			}
			tags[i] = "I-" + string(s.Type)
		}
		tags[first] = "B-" + string(s.Type)
	}
	return tags, nil
}
