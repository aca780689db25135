package files

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"unicode/utf8"

	"nerbench/metrics"
)

// TagFiles are two column files of the same tokens: gold and prediction. The first
// column of each is the token, the last one its tag (docs/spec/metrics.md §4.5).
type TagFiles struct {
	Gold, Pred File
	Scheme     metrics.Scheme
	Mode       metrics.Mode
}

// Eval scores the tags. Sentences and tokens of both files must be the same. Errors
// have the file and the line.
func (t TagFiles) Eval(ctx context.Context, o Options) (*Report, error) {
	return evalTags(o, t.Scheme, t.Mode, t.train, func(plan *evalPlan) (report *Report, err error) {
		err = t.Gold.Read(func(gold io.Reader) error {
			return t.Pred.Read(func(pred io.Reader) error {
				report, err = countSentences(ctx, plan, t.sentences(gold, pred))
				return err
			})
		})
		return report, err
	})
}

// train adds a train split of tokens and tags.
func (t TagFiles) train(in io.Reader, train *metrics.Training) error {
	for s, err := range readTagged(in) {
		if err != nil {
			return err
		}
		chunks, err := s.decode(t.Scheme, t.Mode)
		if err != nil {
			return err
		}
		words := metrics.Sentence{Words: s.words, Tokens: len(s.words)}
		train.Add(sentenceWords(words), tokenSpans(chunks))
	}
	return nil
}

// sentences joins the sentences of both files.
func (t TagFiles) sentences(gold, pred io.Reader) iter.Seq2[metrics.Sentence, error] {
	return func(yield func(metrics.Sentence, error) bool) {
		next, stop := iter.Pull2(readTagged(pred))
		defer stop()
		fail := func(f File, err error) { yield(metrics.Sentence{}, f.named(err)) }
		n := 0
		for g, err := range readTagged(gold) {
			if err != nil {
				fail(t.Gold, err)
				return
			}
			p, err, more := next()
			if err == nil && !more {
				fail(t.Pred, fmt.Errorf("ends after %d sentences, but %s has another one in line %d", n, t.Gold.Name, g.line(0)))
				return
			}
			if err == nil {
				err = t.sameTokens(g, p)
			}
			if err != nil {
				fail(t.Pred, err)
				return
			}
			s := metrics.Sentence{Words: g.words, Tokens: len(g.words)}
			if s.Gold, err = g.decode(t.Scheme, t.Mode); err != nil {
				fail(t.Gold, err)
				return
			}
			if s.Pred, err = p.decode(t.Scheme, t.Mode); err != nil {
				fail(t.Pred, err)
				return
			}
			if !yield(s, nil) {
				return
			}
			n++
		}
		p, err, more := next()
		switch {
		case err != nil:
			fail(t.Pred, err)
		case more:
			fail(t.Pred, &metrics.LineError{Line: p.line(0), Err: fmt.Errorf("another sentence, but %s ends after %d sentences", t.Gold.Name, n)})
		}
	}
}

// sameTokens returns an error at the first token in which two sentences differ.
func (t TagFiles) sameTokens(gold, pred taggedSentence) error {
	for i := range min(len(gold.words), len(pred.words)) {
		if gold.words[i] != pred.words[i] {
			return &metrics.LineError{Line: pred.line(i), Err: fmt.Errorf("token %.80q, but %s has %.80q in line %d", pred.words[i], t.Gold.Name, gold.words[i], gold.line(i))}
		}
	}
	switch n, m := len(gold.words), len(pred.words); {
	case m < n:
		return &metrics.LineError{Line: pred.line(m), Err: fmt.Errorf("the sentence ends after %d tokens, but %s continues it with %.80q in line %d", m, t.Gold.Name, gold.words[m], gold.line(m))}
	case m > n:
		return &metrics.LineError{Line: pred.line(n), Err: fmt.Errorf("the sentence continues with %.80q, but in %s it ends after %d tokens, in line %d", pred.words[n], t.Gold.Name, n, gold.line(n))}
	}
	return nil
}

// taggedSentence is a sentence of a column file of tokens and tags.
type taggedSentence struct {
	first int // line of the first token, from 1
	words []string
	tags  []string
}

// line is the line of a token, or of the end of the sentence.
func (s taggedSentence) line(token int) int { return s.first + token }

// decode returns the entities of the sentence.
func (s taggedSentence) decode(scheme metrics.Scheme, mode metrics.Mode) ([]metrics.Chunk, error) {
	chunks, err := metrics.DecodeColumn(s.tags, scheme, mode)
	if err == nil {
		return chunks, nil
	}
	for i, tag := range s.tags { // the error names a position, the user needs the line
		if _, err := metrics.DecodeColumn([]string{tag}, scheme, mode); err != nil {
			return nil, &metrics.LineError{Line: s.line(i), Err: errors.Unwrap(err)}
		}
	}
	return nil, &metrics.LineError{Line: s.line(0), Err: err}
}

// The limits of a column file: a sentence is kept in memory.
const (
	mostTagged  = 1_000_000 // tokens of a sentence
	mostTagLine = 1 << 20   // bytes of a line
)

// readTagLine reads a line with its end.
func readTagLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if line = append(line, part...); len(line) > mostTagLine {
			return "", fmt.Errorf("a line of more than %d bytes", mostTagLine)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return string(line), err
		}
	}
}

// readTagged reads a column file of tokens and tags, split at blanks and TABs.
func readTagged(r io.Reader) iter.Seq2[taggedSentence, error] { return readColumns(r, cellsOf) }

// readColumns reads a column file of tokens and tags. It ends after the first error.
func readColumns(r io.Reader, split func(line string) []string) iter.Seq2[taggedSentence, error] {
	return func(yield func(taggedSentence, error) bool) {
		in := bufio.NewReader(r)
		var s taggedSentence
		columns := 0
		for number := 1; ; number++ {
			line, err := readTagLine(in)
			end := errors.Is(err, io.EOF)
			if err != nil && !end {
				yield(taggedSentence{}, err)
				return
			}
			if number == 1 {
				line = strings.TrimPrefix(line, "\ufeff")
			}
			cells := split(line)
			if columns == 0 {
				columns = len(cells)
			}
			if err := checkTagged(line, cells, columns); err != nil {
				yield(taggedSentence{}, &metrics.LineError{Line: number, Err: err})
				return
			}
			if len(s.words) > mostTagged {
				yield(taggedSentence{}, &metrics.LineError{Line: number, Err: fmt.Errorf("a sentence of more than %d tokens", mostTagged)})
				return
			}
			if len(cells) > 0 {
				if len(s.words) == 0 {
					s.first = number
				}
				s.words, s.tags = append(s.words, cells[0]), append(s.tags, cells[len(cells)-1])
			}
			if (len(cells) == 0 || end) && len(s.words) > 0 {
				if !yield(s, nil) {
					return
				}
				s = taggedSentence{}
			}
			if end {
				return
			}
		}
	}
}

// cellsOf splits a line at blanks and tabs. One CR at its end is dropped.
func cellsOf(line string) []string {
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	return strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
}

func checkTagged(line string, cells []string, columns int) error {
	switch n := len(cells); {
	case n == 0:
		return nil
	case !utf8.ValidString(line):
		return metrics.ErrTagBytes
	case n < 2:
		return fmt.Errorf("%d column, want a token and its tag", n)
	case n != columns:
		return fmt.Errorf("%d columns, want %d as in the first line", n, columns)
	}
	return nil
}

// sniffed is the number of bytes by which the format of a file is recognized.
const sniffed = 1 << 16

// Form is the form of a file with gold or predictions.
type Form string

// The forms.
const (
	Empty     Form = "empty"
	JSONLines Form = "JSON Lines"
	Columns   Form = "a column file"
)

// FormOf recognizes the form of a file by its first line with text. It returns the
// file to read from, because a stream can be read only once.
func FormOf(f File) (Form, File, error) {
	start, opened, err := peek(f)
	if err != nil {
		return "", f, err
	}
	return formOf(start), opened, nil
}

// peek returns the first bytes of a file, and the file to read from.
func peek(f File) (start []byte, opened File, err error) {
	if f.In == nil {
		info, err := os.Stat(f.Name)
		if err == nil && !info.Mode().IsRegular() { // a pipe cannot be opened twice
			f.In, err = os.Open(f.Name)
		}
		if err != nil {
			return nil, f, err
		}
	}
	if f.In != nil {
		in := bufio.NewReaderSize(f.In, sniffed)
		start, err := in.Peek(sniffed)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, f, f.named(err)
		}
		return start, File{f.Name, in}, f.named(checkText(start))
	}
	file, err := os.Open(f.Name)
	if err != nil {
		return nil, f, err
	}
	defer file.Close() // it was only read
	start = make([]byte, sniffed)
	n, err := io.ReadFull(file, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, f, err
	}
	return start[:n], f, f.named(checkText(start[:n]))
}

func formOf(start []byte) Form {
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), " \t\r\n")
	if len(start) == 0 {
		return Empty
	}
	rest, object := bytes.CutPrefix(start, []byte("{"))
	rest = bytes.TrimLeft(rest, " \t")
	if object && (len(rest) == 0 || rest[0] == '"' || rest[0] == '}') { // the token { stands before its tag
		return JSONLines
	}
	return Columns
}

// FormOfBoth is the form of two files, gold and predictions. Predictions for documents in
// JSON Lines may be in any of [Formats]. Otherwise the forms must be the same; an empty
// file has the form of the other one.
func FormOfBoth(gold, pred *File) (Form, error) {
	var forms [2]Form
	for i, f := range []*File{gold, pred} {
		var err error
		if forms[i], *f, err = FormOf(*f); err != nil {
			return "", err
		}
	}
	switch {
	case forms[0] == JSONLines || forms[0] == Empty && forms[1] == Empty:
		return JSONLines, nil
	case forms[0] == Empty:
		return forms[1], nil
	case forms[1] != Empty && forms[0] != forms[1]:
		return "", fmt.Errorf("%s is %s, but %s is %s: want two files of one form", gold.Name, forms[0], pred.Name, forms[1])
	}
	return forms[0], nil
}
