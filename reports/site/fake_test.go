package site

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"nerbench/ner"
)

// fakeArchive has invented passages and answers in memory.
type fakeArchive struct {
	documents map[string][]ner.Document
	answers   map[string][]Answered
	errors    map[string]*ner.ErrorCounts
	repairs   map[string]map[string]int
}

func (f *fakeArchive) Has(run string) bool { return f.answers[run] != nil }

func (f *fakeArchive) Passages(_ context.Context, dataset string) iter.Seq2[ner.Document, error] {
	return func(yield func(ner.Document, error) bool) {
		all, there := f.documents[dataset]
		if !there {
			yield(ner.Document{}, fmt.Errorf("%s: %w", dataset, ErrNoPassages))
			return
		}
		for _, d := range all {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func (f *fakeArchive) Answers(_ context.Context, run string) iter.Seq2[Answered, error] {
	return func(yield func(Answered, error) bool) {
		all, there := f.answers[run]
		if !there {
			yield(Answered{}, ErrNoPassages)
			return
		}
		for _, a := range all {
			if !yield(a, nil) {
				return
			}
		}
	}
}

func (f *fakeArchive) Errors(_ context.Context, run string) (*ner.ErrorCounts, error) {
	return f.errors[run], nil
}

func (f *fakeArchive) Repairs(_ context.Context, dataset string) (map[string]int, error) {
	return f.repairs[dataset], nil
}

// told returns the prediction of spans for a document, with errors of the classes that
// exact comparison gives: missed and spurious.
func told(d *ner.Document, spans []ner.Span, unaligned []ner.Mention, answers ...Answer) Answered {
	a := Answered{Document: d.ID, Text: d.Text, Spans: spans, Unaligned: unaligned, Answers: answers}
	a.Score = ner.Score{NPred: len(spans) + len(unaligned), NGold: len(d.Spans)}
	for _, s := range spans {
		if slices.Contains(d.Spans, s) {
			a.Score.TP++
			continue
		}
		a.Errors = append(a.Errors, Error{Class: Spurious, Predicted: s})
	}
	for _, s := range d.Spans {
		if !slices.Contains(spans, s) {
			a.Errors = append(a.Errors, Error{Class: Missed, Gold: s})
		}
	}
	for _, m := range unaligned {
		a.Errors = append(a.Errors, Error{Class: Spurious, Predicted: ner.Span{Type: m.Type}, Unaligned: true, Mention: m.Text})
	}
	return a
}

// find is the span of the first place of a mention.
func find(d *ner.Document, mention string, t ner.EntityType) ner.Span {
	at := strings.Index(d.Text, mention)
	if at < 0 {
		panic(mention)
	}
	return ner.Span{Start: at, End: at + len(mention), Type: t}
}

// memoryFiles keeps data files in memory, by name. Several goroutines write them.
type memoryFiles struct {
	mu     sync.Mutex
	byName map[string]any
}

func (m *memoryFiles) Fixed(name string, content any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.byName[name] = content
	return nil
}

func (m *memoryFiles) Hashed(name string, content any) (string, error) {
	return name, m.Fixed(name, content)
}
