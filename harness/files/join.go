package files

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// joinedDocument is a document with the prediction of each file.
type joinedDocument struct {
	document *ner.Document
	given    []given
}

// joiner joins documents and predictions by id. If the files have different orders,
// it keeps predictions in memory until their document is read.
type joiner struct {
	gold    File   // the documents, for its name
	partial bool   // skip documents without a prediction in every file
	spans   string // name of the first metric or table that needs spans; may be empty
	missing int    // number of documents without a prediction
	first   string // the first one, and the file without it
	found   int
}

// joined yields the documents that have a prediction in every file, in order. A
// document without one is an error at the end, unless partial is set. Errors are
// also a prediction without a document, and an id that occurs twice.
func (j *joiner) joined(gold io.Reader, files ...File) iter.Seq2[joinedDocument, error] {
	return func(yield func(joinedDocument, error) bool) {
		stopped, err := j.documents(gold, files, func(p joinedDocument) bool { return yield(p, nil) })
		if err == nil && !stopped && j.missing > 0 && !j.partial {
			err = &namedError{&fault.PartialError{Err: &fault.Hint{
				Err:    fmt.Errorf("%d of %d documents have no prediction, the first is %s: not scored", j.missing, j.missing+j.found, j.first),
				Advice: "--partial scores the others",
			}}}
		}
		if err != nil {
			yield(joinedDocument{}, err)
		}
	}
}

func (j *joiner) documents(gold io.Reader, files []File, yield func(joinedDocument) bool) (stopped bool, err error) {
	streams := make([]*predictionStream, len(files))
	for i, f := range files {
		next, stop := iter.Pull2(readPredictions(f.In))
		defer stop()
		streams[i] = &predictionStream{File: f, next: next, waiting: map[string]given{}}
	}
	seen := map[string]bool{}
	for d, err := range loaders.ReadNumbered(gold) {
		if err != nil {
			return false, j.gold.named(err)
		}
		bad := func(err error) (bool, error) { return false, j.gold.named(&loaders.LineError{Line: d.Line, Err: err}) }
		switch {
		case seen[d.ID]:
			return bad(fmt.Errorf("document %q: occurs twice, want each once", d.ID))
		case d.Spans == nil && d.Mentions == nil:
			return bad(fmt.Errorf(`document %q: no "spans": want its gold (an empty list for a document without entities)`, d.ID))
		case d.Spans == nil && j.spans != "":
			return bad(fmt.Errorf(`document %q: its gold is "mentions" without positions, but %s needs "spans" (metrics without positions: %s)`, d.ID, j.spans, strings.Join(metricIDs(func(m metrics.Metric) bool { return !m.OfSpans() }), ", ")))
		}
		seen[d.ID] = true
		p := joinedDocument{document: d.Document}
		lacks := ""
		for _, s := range streams {
			g, found, err := s.find(d.ID, seen)
			if err != nil {
				return false, s.named(err)
			}
			if !found && lacks == "" {
				lacks = s.Name
			}
			p.given = append(p.given, g)
		}
		if lacks != "" {
			if j.missing++; j.missing == 1 {
				j.first = fmt.Sprintf("%q in %s", d.ID, lacks)
			}
			continue
		}
		j.found++
		if !yield(p) {
			return true, nil
		}
	}
	for _, s := range streams {
		if err := s.rest(seen); err != nil {
			return false, s.named(err)
		}
	}
	return false, nil
}

// predictionStream is one file of predictions while it is joined.
type predictionStream struct {
	File
	next    func() (given, error, bool)
	waiting map[string]given // predictions whose document was not read yet
}

// find returns the prediction for a document. seen are the ids of the documents up
// to this one.
func (s *predictionStream) find(id string, seen map[string]bool) (g given, found bool, err error) {
	if g, found = s.waiting[id]; found {
		delete(s.waiting, id)
		return g, true, nil
	}
	for {
		p, err, more := s.next()
		if err != nil || !more {
			return given{}, false, err
		}
		if p.ID == id {
			return p, true, nil
		}
		if _, twice := s.waiting[p.ID]; twice || seen[p.ID] {
			return given{}, false, p.twice()
		}
		s.waiting[p.ID] = p
	}
}

// rest returns an error if predictions belong to no document.
func (s *predictionStream) rest(seen map[string]bool) error {
	for {
		p, err, more := s.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if _, again := s.waiting[p.ID]; again || seen[p.ID] {
			return p.twice()
		}
		s.waiting[p.ID] = p
	}
	if len(s.waiting) == 0 {
		return nil
	}
	first := s.waiting[slices.Sorted(maps.Keys(s.waiting))[0]]
	for _, g := range s.waiting {
		if g.line < first.line {
			first = g
		}
	}
	return &metrics.LineError{Line: first.line, Err: fmt.Errorf("document %q: not in the file of documents (%d such predictions)", first.ID, len(s.waiting))}
}

// twice returns the error about a second prediction for one document.
func (g given) twice() error {
	return &metrics.LineError{Line: g.line, Err: fmt.Errorf("document %q: occurs twice, want each once", g.ID)}
}
