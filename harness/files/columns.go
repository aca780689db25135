package files

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"nerbench/metrics"
	"nerbench/ner"
)

// columnSource are the predictions of a column file: the sentences of each document in
// order, matched by their tokens. A document may have several sentences.
type columnSource struct {
	File
	scheme metrics.Scheme
	mode   metrics.Mode
	show   bool
	next   func() (taggedSentence, error, bool)
}

// find returns the prediction for the next document.
func (s *columnSource) find(d *ner.Document, _ int) (g given, found bool, err error) {
	g = given{}
	g.Spans = []ner.PointSpan{}
	for at := 0; ; found = true {
		rest := strings.TrimSpace(d.Text[at:])
		if rest == "" && (found || d.Text == "") {
			return g, true, nil
		}
		sentence, more, err := s.sentence(d)
		if err != nil {
			return g, false, err
		}
		if !more {
			if found {
				err = fmt.Errorf("the file ends inside document %q%s", d.ID, shower(s.show)(", which continues %s", rest))
			}
			return g, false, err
		}
		places, end, err := placeTokens(d, at, sentence.words, s.show)
		if err != nil {
			return g, false, &metrics.LineError{Line: sentence.line(0), Err: err}
		}
		chunks, err := sentence.decode(s.scheme, s.mode)
		if err != nil {
			return g, false, err
		}
		g.Spans, g.line = append(g.Spans, chunkSpans(d, places, chunks)...), sentence.line(0)
		at = end
	}
}

// docStart marks the beginning of a document in the files of CoNLL-2003.
const docStart = "-DOCSTART-"

// sentence reads the next sentence. Marks of documents are skipped, unless they are part
// of the text.
func (s *columnSource) sentence(d *ner.Document) (taggedSentence, bool, error) {
	for {
		sentence, err, more := s.next()
		if err != nil || !more {
			return sentence, false, err
		}
		if len(sentence.words) == 1 && sentence.words[0] == docStart && !strings.HasPrefix(d.Text, docStart) {
			continue
		}
		return sentence, true, nil
	}
}

// rest returns an error if sentences belong to no document.
func (s *columnSource) rest() error {
	sentence, more, err := s.sentence(&ner.Document{})
	if err == nil && more {
		err = &metrics.LineError{Line: sentence.line(0), Err: errors.New("another sentence, but the documents end before it")}
	}
	return err
}

// readTabbed reads a column file of tokens and tags. Lines with a TAB are split at TABs:
// their tokens and labels may have blanks.
func readTabbed(r io.Reader) iter.Seq2[taggedSentence, error] { return readColumns(r, tabbedCells) }

func tabbedCells(line string) []string {
	if !strings.Contains(line, "\t") {
		return cellsOf(line)
	}
	if strings.TrimSpace(line) == "" {
		return nil
	}
	cells := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
	for i := range cells[1:] {
		cells[1+i] = strings.Trim(cells[1+i], " ")
	}
	return cells
}
