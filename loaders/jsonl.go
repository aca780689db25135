package loaders

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"nerbench/ner"
)

// LineError is an error in one line of a stream.
type LineError struct {
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// documentLine is a document in a file of JSON Lines. Offsets are code points.
type documentLine struct {
	ID     LineID          `json:"id"`
	Text   *string         `json:"text"`
	Tokens [][2]int        `json:"tokens,omitempty"`
	Spans  []ner.PointSpan `json:"spans"`
	// Mentions are the gold annotation if there are no spans.
	Mentions []mentionLine `json:"mentions,omitempty"`
}

// LineID is an id in a file of JSON Lines: a string, or a number as written.
type LineID string

// UnmarshalJSON implements [json.Unmarshaler].
func (id *LineID) UnmarshalJSON(b []byte) error {
	var number json.Number
	if len(b) > 0 && b[0] != '"' && b[0] != 'n' {
		if err := json.Unmarshal(b, &number); err != nil {
			return fmt.Errorf(`"id": %s: expected a string or a number`, b)
		}
		*id = LineID(number.String())
		return nil
	}
	return json.Unmarshal(b, (*string)(id))
}

type mentionLine struct {
	Text *string         `json:"text"`
	Type *ner.EntityType `json:"type"`
}

// ReadDocuments reads JSON Lines, one document per line, with offsets in code
// points. It skips blank lines and ends after the first error, which is a
// [LineError]. The gold annotation is spans, or mentions if the line has no spans.
// Spans are nil if the line has no list of spans, not even an empty one: the
// document is then not annotated.
func ReadDocuments(in io.Reader) iter.Seq2[*ner.Document, error] {
	return func(yield func(*ner.Document, error) bool) {
		for d, err := range ReadNumbered(in) {
			if !yield(d.Document, err) {
				return
			}
		}
	}
}

// Numbered is a document with its line, from 1.
type Numbered struct {
	*ner.Document
	Line int
}

// ReadNumbered is [ReadDocuments] with line numbers, for errors that involve
// several lines.
func ReadNumbered(in io.Reader) iter.Seq2[Numbered, error] {
	return func(yield func(Numbered, error) bool) {
		err := eachLine(in, &Tally{Repairs: map[string]int{}}, func(number int, line []byte) error {
			if line != nil && len(bytes.TrimSpace(line)) == 0 {
				return nil
			}
			d, err := parseDocument(line)
			if err != nil {
				return &LineError{number, err}
			}
			if !yield(Numbered{d, number}, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped {
			yield(Numbered{}, err)
		}
	}
}

// parseDocument reads one line. It ignores unknown members, since files may contain
// additional data.
func parseDocument(line []byte) (*ner.Document, error) {
	if line == nil {
		return nil, errLong
	}
	if err := checkUTF8(line); err != nil {
		return nil, err
	}
	var l documentLine
	if err := json.Unmarshal(line, &l); err != nil {
		return nil, fmt.Errorf("expected a document {\"id\", \"text\", \"spans\"}: %w", PlainJSON(err))
	}
	if l.Text == nil {
		return nil, errors.New(`expected a document: "text" is missing`)
	}
	d := &ner.Document{ID: string(l.ID), Text: *l.Text}
	points := ner.NewCodePoints(d.Text)
	for i, t := range l.Tokens {
		start, err1 := points.Byte(t[0])
		end, err2 := points.Byte(t[1])
		if err := errors.Join(err1, err2); err != nil || start > end {
			return nil, fmt.Errorf("token %d: [%d,%d) is not a range in the text of %d code points", i, t[0], t[1], points.Len())
		}
		d.Tokens = append(d.Tokens, ner.Range{Start: start, End: end})
	}
	if l.Spans != nil {
		d.Spans = []ner.Span{} // an empty list is an annotation, too
	}
	for i, s := range l.Spans {
		start, err1 := points.Byte(s.Start)
		end, err2 := points.Byte(s.End)
		if err := errors.Join(err1, err2); err != nil || start >= end {
			return nil, fmt.Errorf("span %d: [%d,%d) is not a range in the text of %d code points", i, s.Start, s.End, points.Len())
		}
		if s.Type == "" {
			return nil, fmt.Errorf(`span %d: "type" is missing`, i)
		}
		d.Spans = append(d.Spans, ner.Span{Start: start, End: end, Type: s.Type})
	}
	if l.Spans == nil && l.Mentions != nil {
		d.Mentions = []ner.Mention{}
		for i, m := range l.Mentions {
			if m.Text == nil || m.Type == nil {
				return nil, fmt.Errorf(`mention %d: expected {"text", "type"}`, i)
			}
			d.Mentions = append(d.Mentions, ner.Mention{Text: *m.Text, Type: *m.Type})
		}
	}
	return d, nil
}

// WriteDocument writes a document as one line of JSON, offsets in code points.
func WriteDocument(w io.Writer, d *ner.Document) error {
	points := ner.NewCodePoints(d.Text)
	l := documentLine{ID: LineID(d.ID), Text: &d.Text, Spans: points.Spans(d.Spans)}
	for _, t := range d.Tokens {
		l.Tokens = append(l.Tokens, [2]int{points.CodePoint(t.Start), points.CodePoint(t.End)})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		return fmt.Errorf("document %s: %w", d.ID, err)
	}
	return nil
}

// documentLine reads a line of the family documents without fields of its own.
func (r *reading) documentLine(line []byte) error {
	d, err := parseDocument(line)
	if err != nil {
		return err
	}
	if d.Spans == nil {
		return errNoSpans
	}
	spans := make([]labelled, len(d.Spans))
	for i, s := range d.Spans {
		l, err := r.labelOrType(string(s.Type))
		if err != nil {
			return err
		}
		spans[i] = labelled{start: s.Start, end: s.End, label: l}
	}
	d.Spans = nil
	return r.emit(d, spans)
}

var errNoSpans = errors.New(`"spans" is missing: a document without entities has an empty list; fields.mentions names another field`)

// labelOrType finds a native label, or the label of a type of the dataset.
func (r *reading) labelOrType(name string) (*label, error) {
	l, err := r.labelOf(name)
	if err != nil {
		if other := r.labels.ofType(ner.EntityType(name)); other != nil {
			return other, nil
		}
	}
	return l, err
}

// objects reads files of JSON Lines, one object per line. It skips blank lines.
func (r *reading) objects(object func(line []byte) error) error {
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		if r.isNamesFile(name) {
			continue
		}
		err := r.lines(name, func(line []byte) error {
			switch {
			case line == nil:
				return errLong
			case len(bytes.TrimSpace(line)) == 0:
				return nil
			}
			if err := checkUTF8(line); err != nil {
				return err
			}
			return object(line)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
