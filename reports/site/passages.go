package site

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nerbench/ner"
)

// AnswersMode selects the passages of a run whose answers are written.
type AnswersMode string

// The modes. In every mode, the index of each run is written.
const (
	AllAnswers   AnswersMode = "all"
	ErrorAnswers AnswersMode = "errors" // passages with an error, and a few drawn ones
	NoAnswers    AnswersMode = "none"   // no passages, either
)

// AnswersModes lists the modes.
var AnswersModes = []AnswersMode{AllAnswers, ErrorAnswers, NoAnswers}

// drawnPassages is the number of passages of a dataset that [ErrorAnswers] keeps for
// all runs, whether they have an error or not.
const drawnPassages = 50

// mostLanes is the number of systems that the viewer shows beside each other.
const mostLanes = 4

// dataFiles writes data files by their keys ([dataFile]).
type dataFiles interface {
	// Fixed writes a file whose name does not depend on its content ([fixedData]).
	Fixed(key string, content any) error
	// Hashed writes a file whose name has a checksum of its content, and returns its path.
	Hashed(key string, content any) (string, error)
}

// passageData is a passage with its gold.
type passageData struct {
	ID   string          `json:"id"`
	Text string          `json:"text"`
	Gold []ner.PointSpan `json:"gold"`
}

// passagesData refers to the data files of a dataset.
type passagesData struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Text     bool             `json:"text"`
	Passages int              `json:"passages"`
	Types    []ner.EntityType `json:"types"`
	Chunks   []chunkRef       `json:"chunks"`
	Runs     []datasetRun     `json:"runs"`
	Page     string           `json:"page"`
}

// datasetRun names a run of a dataset for people.
type datasetRun struct {
	ID    string   `json:"id"`
	Slug  string   `json:"slug"`
	Model string   `json:"model"` // slug
	Name  string   `json:"name"`
	F1    *float64 `json:"f1"` // of span_f1
}

// datasetWriter writes the passages of one dataset, and then its runs.
type datasetWriter struct {
	site    *site
	folder  string // of its data files
	files   dataFiles
	dataset *Dataset
	mode    AnswersMode
	ids     []string // of the passages
	chunks  []chunkRef
	drawn   map[int]bool
}

// writePassages writes the texts and the gold of a dataset where they may be shown.
func (w *datasetWriter) writePassages(ctx context.Context, archive Archive) error {
	chunks := chunker{write: func(n int, c chunk) (string, error) {
		return w.files.Hashed(fmt.Sprintf("%s/t%03d", w.folder, n), c)
	}}
	for d, err := range archive.Passages(ctx, w.dataset.ID) {
		if err != nil {
			return fmt.Errorf("dataset %s: %w", w.dataset.ID, err)
		}
		if w.dataset.Text && w.mode != NoAnswers {
			if err := chunks.add(len(w.ids), passageData{d.ID, d.Text, ner.NewCodePoints(d.Text).Spans(d.Spans)}); err != nil {
				return err
			}
		}
		w.ids = append(w.ids, d.ID)
	}
	if err := chunks.flush(); err != nil {
		return err
	}
	w.chunks, w.drawn = chunks.refs, draw(w.dataset.ID, len(w.ids))
	return nil
}

// draw draws passages of a dataset: the same ones for each run, so that they compare.
func draw(dataset string, passages int) map[int]bool {
	type drawing struct {
		hash    uint64
		passage int
	}
	all := make([]drawing, passages)
	for i := range all {
		all[i] = drawing{ner.Hash(0, "site passages", dataset, fmt.Sprint(i)), i}
	}
	slices.SortFunc(all, func(a, b drawing) int {
		if a.hash < b.hash {
			return -1
		}
		return 1
	})
	drawn := map[int]bool{}
	for _, d := range all[:min(len(all), drawnPassages)] {
		drawn[d.passage] = true
	}
	return drawn
}

// writeDataset writes the data files of a dataset and its runs. It returns what is
// remarkable about the passages.
func (s *site) writeDataset(ctx context.Context, dataset *Dataset, archive Archive, mode AnswersMode, files dataFiles) (Findings, error) {
	w := &datasetWriter{site: s, folder: "d/" + s.datasetSlugs[dataset.ID], files: files, dataset: dataset, mode: mode}
	if err := w.writePassages(ctx, archive); err != nil {
		return Findings{}, err
	}
	entry := passagesData{ID: dataset.ID, Title: dataset.Title, Text: dataset.Text, Passages: len(w.ids), Types: dataset.Types, Chunks: w.chunks, Page: s.DatasetPage(dataset.ID)}
	var whole []*runIndex
	wholes := map[string]bool{}
	for i := range s.Runs {
		r := &s.Runs[i]
		if r.Dataset != dataset.ID {
			continue
		}
		index, err := w.writeRun(ctx, r, archive)
		if errors.Is(err, ErrNoPassages) {
			continue
		}
		if err != nil {
			return Findings{}, err
		}
		s.answered[r.ID] = true
		of := datasetRun{ID: r.ID, Slug: s.runSlugs[r.ID], Model: r.Model, Name: s.models[r.Model].Name}
		if f1, ok := index.score().F1(); ok {
			of.F1 = &f1
		}
		entry.Runs = append(entry.Runs, of)
		if r.Missing == "" {
			whole, wholes[r.ID] = append(whole, index), true
		}
	}
	slices.SortStableFunc(entry.Runs, func(a, b datasetRun) int {
		switch x, y := value(a.F1), value(b.F1); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	if err := files.Fixed(w.folder+"/passages", entry); err != nil {
		return Findings{}, err
	}
	f := findings(whole, len(w.ids))
	for _, r := range entry.Runs {
		if wholes[r.ID] && len(f.Runs) < mostLanes {
			f.Runs = append(f.Runs, r.ID)
		}
	}
	if dataset.Text && mode != NoAnswers && len(f.Against) > 0 {
		return f, f.addMentions(ctx, archive, dataset.ID)
	}
	return f, nil
}

func value(f *float64) float64 {
	if f == nil {
		return -1
	}
	return *f
}
