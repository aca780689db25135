package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"

	"nerbench/answers"
	"nerbench/ner"
)

// Source is a file of predictions for documents that are not in a file.
type Source struct {
	File
	Reading
	// Partial skips documents without a prediction. Otherwise they are a
	// [fault.PartialError], with Advice.
	Partial bool
	Advice  string
	// ShowText permits text of the documents in errors.
	ShowText bool
	// Among says what has the documents, for errors: "dataset X".
	Among string
}

// Predicted is a document with its prediction.
type Predicted struct {
	Document *ner.Document
	Index    int // of the document, from 0
	// Given is the prediction; nil: there are raw Answers. Answers without types are about
	// all types of the dataset.
	Given   *answers.Given
	Answers []ner.Answer
	at      func(error) error
}

// At adds the place of the prediction in its file to an error.
func (p *Predicted) At(err error) error { return p.at(err) }

// SourceInfo describes a file that was read.
type SourceInfo struct {
	Format Format
	// SHA256 is the checksum of the whole file, in hexadecimal.
	SHA256 string
	// Missing is the number of documents without a prediction.
	Missing int
}

// Recognize returns the format of a file, and the file to read from, because a stream can
// be read only once.
func (r Reading) Recognize(f File) (Format, File, error) {
	p, err := r.recognize(f)
	return p.format, p.File, err
}

// Read reads the whole file, and passes the prediction of each document on, in the order
// of the documents. Offsets outside of the text are an error. Errors have the name of the
// file and the place.
func (s Source) Read(ctx context.Context, documents iter.Seq2[*ner.Document, error], each func(*Predicted) error) (info SourceInfo, err error) {
	file, err := s.recognize(s.File)
	if err != nil {
		return info, err
	}
	file.show, file.among = s.ShowText, s.Among
	info.Format = file.format
	join := &joiner{partial: s.Partial, advice: s.Advice}
	err = file.Read(func(in io.Reader) error {
		sum := sha256.New()
		file.In = io.TeeReader(in, sum)
		for joined, err := range join.joined(documents, file) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			p := newPredicted(joined)
			if err := p.checkSpans(); err != nil {
				return p.At(err)
			}
			if err := each(p); err != nil {
				return err
			}
		}
		_, err := io.Copy(io.Discard, file.In) // what the last prediction did not need
		info.SHA256 = hex.EncodeToString(sum.Sum(nil))
		return err
	})
	info.Missing = join.missing
	return info, err
}

func newPredicted(joined joinedDocument) *Predicted {
	g := joined.given[0]
	p := &Predicted{Document: joined.document, Index: joined.index, at: g.at}
	if g.isGiven() {
		p.Given = &g.Given
		return p
	}
	p.Answers = []ner.Answer{}
	for _, a := range g.answers {
		p.Answers = append(p.Answers, ner.Answer{Types: a.types, Completion: ner.Completion{Text: a.text, Finish: a.finish}})
	}
	return p
}

// checkSpans refuses offsets that are not a range of the text. In a file that is kept,
// they are a mistake about the unit or the passage, and no prediction.
func (p *Predicted) checkSpans() error {
	if p.Given == nil {
		return nil
	}
	points := ner.NewCodePoints(p.Document.Text)
	for i, s := range p.Given.Spans {
		if s.Start < 0 || s.Start >= s.End || s.End > points.Len() {
			return fmt.Errorf("document %q: span %d: [%d,%d) is not a range in the text of %d code points", p.Document.ID, i, s.Start, s.End, points.Len())
		}
	}
	return nil
}
