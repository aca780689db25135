package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// documentPredictions is a document with what each file predicts for it.
type documentPredictions struct {
	document *ner.Document
	given    []given
}

// predictionFile is an open file of predictions with its name for errors.
type predictionFile struct {
	name string
	in   io.Reader
}

// predictionJoin joins documents and predictions by id. Where all files have the
// same order nothing is kept of them; else predictions wait for their document.
type predictionJoin struct {
	gold    string // name of the file of documents
	partial bool   // documents without a prediction in every file are left out
	spans   string // what needs the places of gold; empty if nothing does
	missing int    // of them
	first   string // the first one, and the file that lacks it
	found   int
}

// joined yields the documents that have a prediction in every file, in order. A
// document without one is an error at the end, unless that is wanted; so is a
// prediction without document, and any id that occurs twice. Errors name their
// file.
func (j *predictionJoin) joined(gold io.Reader, files ...predictionFile) iter.Seq2[documentPredictions, error] {
	return func(yield func(documentPredictions, error) bool) {
		stopped, err := j.join(gold, files, func(p documentPredictions) bool { return yield(p, nil) })
		if err == nil && !stopped && j.missing > 0 && !j.partial {
			err = &inputError{&fault.PartialError{Err: fmt.Errorf("%d of %d documents have no prediction, the first is %s: nothing is scored (--partial scores the others)", j.missing, j.missing+j.found, j.first)}}
		}
		if err != nil {
			yield(documentPredictions{}, err)
		}
	}
}

func (j *predictionJoin) join(gold io.Reader, files []predictionFile, yield func(documentPredictions) bool) (stopped bool, err error) {
	streams := make([]*predictionStream, len(files))
	for i, f := range files {
		next, stop := iter.Pull2(readPredictions(f.in))
		defer stop()
		streams[i] = &predictionStream{predictionFile: f, next: next, waiting: map[string]given{}}
	}
	seen := map[string]bool{}
	for d, err := range loaders.ReadNumbered(gold) {
		if err != nil {
			return false, j.goldError(err)
		}
		fault := func(err error) (bool, error) { return false, j.goldError(&loaders.LineError{Line: d.Line, Err: err}) }
		switch {
		case seen[d.ID]:
			return fault(fmt.Errorf("document %q: occurs twice, want each once", d.ID))
		case d.Spans == nil && d.Mentions == nil:
			return fault(fmt.Errorf(`document %q: has no "spans", want its gold (an empty list if there is none)`, d.ID))
		case d.Spans == nil && j.spans != "":
			return fault(fmt.Errorf(`document %q: its gold is "mentions", which have no places: %s needs "spans" (metrics of strings do not: %s)`, d.ID, j.spans, strings.Join(metricIDs(func(m metrics.Metric) bool { return !m.OfSpans() }), ", ")))
		}
		seen[d.ID] = true
		p := documentPredictions{document: d.Document}
		lacks := ""
		for _, s := range streams {
			g, found, err := s.find(d.ID, seen)
			if err != nil {
				return false, s.named(err)
			}
			if !found && lacks == "" {
				lacks = shownName(s.name)
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

// goldError names the file of documents.
func (j *predictionJoin) goldError(err error) error {
	var line *loaders.LineError
	if errors.As(err, &line) {
		return &inputError{fmt.Errorf("%s:%d: %w", shownName(j.gold), line.Line, line.Err)}
	}
	return &inputError{fmt.Errorf("%s: %w", shownName(j.gold), err)}
}

// predictionStream is one file of predictions while it is joined.
type predictionStream struct {
	predictionFile
	next    func() (given, error, bool)
	waiting map[string]given // for their documents
}

// find returns the prediction for a document. seen are the documents up to it.
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

// rest reports predictions that belong to no document.
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
	first := s.waiting[sortedKeys(s.waiting)[0]]
	for _, g := range s.waiting {
		if g.line < first.line {
			first = g
		}
	}
	return &metrics.LineError{Line: first.line, Err: fmt.Errorf("document %q: not in the file of documents (%d of the predictions are not)", first.ID, len(s.waiting))}
}

// twice is the error about a second prediction for one document.
func (g given) twice() error {
	return &metrics.LineError{Line: g.line, Err: fmt.Errorf("document %q: occurs twice, want each once", g.ID)}
}

func (s *predictionStream) named(err error) error {
	var line *metrics.LineError
	if errors.As(err, &line) {
		return &inputError{fmt.Errorf("%s:%d: %w", shownName(s.name), line.Line, line.Err)}
	}
	return &inputError{fmt.Errorf("%s: %w", shownName(s.name), err)}
}

// shownName is the name of a file in errors.
func shownName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}
