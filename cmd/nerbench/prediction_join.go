package main

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"nerbench/loaders"
	"nerbench/ner"
)

// documentPrediction is a document with what was predicted for it.
type documentPrediction struct {
	document *ner.Document
	given
}

// predictionJoin joins documents and predictions by id. Where both files have
// the same order nothing is kept of them; else predictions wait for their
// document.
type predictionJoin struct {
	gold    string // name of the file of documents
	partial bool   // documents without prediction are left out
	missing int    // of them
	first   string // id of the first one
	found   int
}

// pairs yields the documents that have a prediction, in order. A document
// without one is an error at the end, unless that is wanted; so is a prediction
// without document, and any id that occurs twice.
func (j *predictionJoin) pairs(gold, pred io.Reader) iter.Seq2[documentPrediction, error] {
	return func(yield func(documentPrediction, error) bool) {
		stopped, err := j.join(gold, pred, func(p documentPrediction) bool { return yield(p, nil) })
		if err == nil && !stopped && j.missing > 0 && !j.partial {
			err = partialError(fmt.Errorf("%d of %d documents have no prediction, the first is %q: nothing is scored (--partial scores the others)", j.missing, j.missing+j.found, j.first))
		}
		if err != nil {
			yield(documentPrediction{}, err)
		}
	}
}

func (j *predictionJoin) join(gold, pred io.Reader, yield func(documentPrediction) bool) (stopped bool, err error) {
	next, stop := iter.Pull2(readPredictions(pred))
	defer stop()
	waiting := map[string]given{}
	seen := map[string]bool{}
	for d, err := range loaders.ReadDocuments(gold) {
		if err != nil {
			return false, j.goldError(err)
		}
		if seen[d.ID] {
			return false, j.goldError(fmt.Errorf("document %q: occurs twice", d.ID))
		}
		seen[d.ID] = true
		g, found := waiting[d.ID]
		delete(waiting, d.ID)
		for !found {
			p, err, more := next()
			if err != nil {
				return false, err
			}
			if !more {
				break
			}
			if _, twice := waiting[p.ID]; twice || seen[p.ID] && p.ID != d.ID {
				return false, fmt.Errorf("document %q: occurs twice", p.ID)
			}
			if found = p.ID == d.ID; found {
				g = p
			} else {
				waiting[p.ID] = p
			}
		}
		if !found {
			if j.missing++; j.missing == 1 {
				j.first = d.ID
			}
			continue
		}
		j.found++
		if !yield(documentPrediction{d, g}) {
			return true, nil
		}
	}
	return false, j.rest(next, waiting, seen)
}

// rest reports predictions that belong to no document.
func (j *predictionJoin) rest(next func() (given, error, bool), waiting map[string]given, seen map[string]bool) error {
	for {
		p, err, more := next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if seen[p.ID] {
			return fmt.Errorf("document %q: occurs twice", p.ID)
		}
		waiting[p.ID] = p
	}
	if len(waiting) == 0 {
		return nil
	}
	return fmt.Errorf("document %q: not in the file of documents (%d of the predictions are not)", sortedKeys(waiting)[0], len(waiting))
}

// goldError names the file of documents; errors of the other file are named by
// its reader.
func (j *predictionJoin) goldError(err error) error {
	name := j.gold
	if name == "-" {
		name = "standard input"
	}
	var line *loaders.LineError
	if errors.As(err, &line) {
		return &inputError{fmt.Errorf("%s:%d: %w", name, line.Line, line.Err)}
	}
	return &inputError{fmt.Errorf("%s: %w", name, err)}
}
