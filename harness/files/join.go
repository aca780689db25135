package files

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// joinedDocument is a document with the prediction of each file.
type joinedDocument struct {
	document *ner.Document
	index    int // among the documents, from 0
	given    []given
}

// predictionFile is an open file of predictions, and how to read it.
type predictionFile struct {
	File
	format Format
	scheme metrics.Scheme // of columns
	mode   metrics.Mode
	show   bool   // errors may have text of passages
	among  string // what has the documents, for errors; empty: their file
}

// predictionSource finds the predictions of a file.
type predictionSource interface {
	// find returns the prediction for a document, of which index is the place. It is
	// called with each document, in order.
	find(d *ner.Document, index int) (g given, found bool, err error)
	// rest returns an error if predictions belong to no document.
	rest() error
}

// open returns the predictions of a file. stop ends the reading.
func (f predictionFile) open() (s predictionSource, stop func()) {
	if f.format == CoNLL {
		next, stop := iter.Pull2(readTabbed(f.In))
		return &columnSource{File: f.File, scheme: f.scheme, mode: f.mode, show: f.show, next: next}, stop
	}
	next, stop := iter.Pull2(readPredictions(f.In, f.format))
	return &recordSource{
		byPlace: f.format.find().byPlace, show: f.show, among: cmp.Or(f.among, "the file of documents"), next: next, seen: map[string]bool{}, waiting: map[string]given{},
	}, stop
}

// joiner joins documents and predictions. If the files have different orders, it keeps
// predictions in memory until their document is read.
type joiner struct {
	partial bool   // skip documents without a prediction in every file
	advice  string // how to skip them
	missing int    // number of documents without a prediction
	first   string
	found   int
}

// goldDocuments reads documents with gold. spans is the name of the first metric or table
// that needs spans; may be empty. A document without gold and an id that occurs twice are
// errors, which have the name of the file.
func goldDocuments(gold File, in io.Reader, spans string) iter.Seq2[*ner.Document, error] {
	return func(yield func(*ner.Document, error) bool) {
		seen := map[string]bool{}
		for d, err := range loaders.ReadNumbered(in) {
			if err == nil {
				err = checkGold(d, seen, spans)
			}
			if err != nil {
				yield(nil, gold.named(err))
				return
			}
			seen[d.ID] = true
			if !yield(d.Document, nil) {
				return
			}
		}
	}
}

func checkGold(d loaders.Numbered, seen map[string]bool, spans string) error {
	bad := func(format string, args ...any) error {
		return &loaders.LineError{Line: d.Line, Err: fmt.Errorf(format, args...)}
	}
	switch {
	case seen[d.ID]:
		return bad("document %q: occurs twice, want each once", d.ID)
	case d.Spans == nil && d.Mentions == nil:
		return bad(`document %q: no "spans": want its gold (an empty list for a document without entities)`, d.ID)
	case d.Spans == nil && spans != "":
		return bad(`document %q: its gold is "mentions" without positions, but %s needs "spans" (metrics without positions: %s)`,
			d.ID, spans, strings.Join(metricIDs(func(m metrics.Metric) bool { return !m.OfSpans() }), ", "))
	}
	return nil
}

// joined yields the documents that have a prediction in every file, in order. A
// document without one is an error at the end, unless partial is set. Errors are
// also a prediction without a document, and an id that occurs twice.
func (j *joiner) joined(documents iter.Seq2[*ner.Document, error], files ...predictionFile) iter.Seq2[joinedDocument, error] {
	return func(yield func(joinedDocument, error) bool) {
		stopped, err := j.join(documents, files, func(p joinedDocument) bool { return yield(p, nil) })
		if err == nil && !stopped && j.missing > 0 && !j.partial {
			err = &namedError{&fault.PartialError{Err: &fault.Hint{
				Err:    fmt.Errorf("%d of %d documents have no prediction, the first is %s: not scored", j.missing, j.missing+j.found, j.first),
				Advice: cmp.Or(j.advice, "--partial scores the others"),
			}}}
		}
		if err != nil {
			yield(joinedDocument{}, err)
		}
	}
}

func (j *joiner) join(documents iter.Seq2[*ner.Document, error], files []predictionFile, yield func(joinedDocument) bool) (stopped bool, err error) {
	sources := make([]predictionSource, len(files))
	for i, f := range files {
		source, stop := f.open()
		defer stop()
		sources[i] = source
	}
	index := 0
	for d, err := range documents {
		if err != nil {
			return false, err
		}
		p := joinedDocument{document: d, index: index}
		index++
		lacks := ""
		for i, s := range sources {
			g, found, err := s.find(d, p.index)
			if err != nil {
				return false, files[i].named(err)
			}
			if !found && lacks == "" {
				lacks = files[i].Name
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
	for i, s := range sources {
		if err := s.rest(); err != nil {
			return false, files[i].named(err)
		}
	}
	return false, nil
}

// recordSource are the predictions of a file, by the ids or the places of documents.
type recordSource struct {
	byPlace bool
	show    bool
	among   string
	next    func() (given, error, bool)
	seen    map[string]bool  // keys of the documents up to now
	waiting map[string]given // predictions whose document was not read yet
}

func (s *recordSource) find(d *ner.Document, index int) (g given, found bool, err error) {
	key := d.ID
	if s.byPlace {
		key = strconv.Itoa(index)
	}
	s.seen[key] = true
	if g, found, err = s.take(key); found && err == nil {
		err = g.at(g.settle(d, s.show))
	}
	return g, found, err
}

// take returns the prediction with a key.
func (s *recordSource) take(key string) (g given, found bool, err error) {
	if g, found = s.waiting[key]; found {
		delete(s.waiting, key)
		return g, true, nil
	}
	for {
		p, err, more := s.next()
		if err != nil || !more {
			return given{}, false, err
		}
		if p.key == key {
			return p, true, nil
		}
		if _, twice := s.waiting[p.key]; twice || s.seen[p.key] {
			return given{}, false, s.twice(p)
		}
		s.waiting[p.key] = p
	}
}

// rest returns an error if predictions belong to no document.
func (s *recordSource) rest() error {
	for {
		p, err, more := s.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if _, again := s.waiting[p.key]; again || s.seen[p.key] {
			return s.twice(p)
		}
		s.waiting[p.key] = p
	}
	if len(s.waiting) == 0 {
		return nil
	}
	first := s.waiting[slices.Sorted(maps.Keys(s.waiting))[0]]
	for _, g := range s.waiting {
		if g.record < first.record {
			first = g
		}
	}
	return first.at(fmt.Errorf("%s: not in %s (%s)", s.name(first.key), s.among, ner.Count(len(s.waiting), "such prediction")))
}

// name names a document by its key.
func (s *recordSource) name(key string) string {
	if s.byPlace {
		return "document number " + key + " (from 0)"
	}
	return fmt.Sprintf("document %q", key)
}

// twice returns the error about a second prediction for one document.
func (s *recordSource) twice(g given) error {
	return g.at(fmt.Errorf("%s: occurs twice, want each once", s.name(g.key)))
}
