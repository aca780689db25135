package site

import (
	"cmp"
	"context"
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
	F1    *float64 `json:"f1"` // of the metric that ranks

	folded bool
}

// datasetWriter writes the passages of one dataset, and then its runs.
type datasetWriter struct {
	site    *site
	folder  string // of its data files
	dataset *Dataset
	ids     []string // of the passages
	drawn   map[int]bool
}

// writePassages writes the texts and the gold of a dataset where they may be shown, and
// the file that refers to them.
func (s *site) writePassages(ctx context.Context, dataset *Dataset) (*datasetWriter, error) {
	w := &datasetWriter{site: s, folder: "d/" + s.datasetSlugs[dataset.ID], dataset: dataset}
	chunks := chunker{write: func(n int, c chunk) (string, error) {
		return s.files.Hashed(fmt.Sprintf("%s/t%03d", w.folder, n), c)
	}}
	for d, err := range s.archive.Passages(ctx, dataset.ID) {
		if err != nil {
			return nil, fmt.Errorf("dataset %s: %w", dataset.ID, err)
		}
		if dataset.Text && s.mode != NoAnswers {
			if err := chunks.add(len(w.ids), passageData{d.ID, d.Text, ner.NewCodePoints(d.Text).Spans(d.Spans)}); err != nil {
				return nil, err
			}
		}
		w.ids = append(w.ids, d.ID)
	}
	if err := chunks.flush(); err != nil {
		return nil, err
	}
	w.drawn = draw(dataset.ID, len(w.ids))
	return w, s.files.Fixed(w.folder+"/passages", passagesData{
		ID: dataset.ID, Title: dataset.Title, Text: dataset.Text, Passages: len(w.ids), Types: dataset.Types,
		Chunks: chunks.refs, Runs: s.runsOn(dataset), Page: s.DatasetPage(dataset.ID),
	})
}

// runsOn lists the runs on a dataset whose answers the site has, the best first, and
// those of folded configurations behind.
func (s *site) runsOn(dataset *Dataset) []datasetRun {
	var list []datasetRun
	for _, r := range s.allRuns() {
		if r.Dataset == dataset.ID && s.archive.Has(r.ID) && s.keeps(r) {
			list = append(list, datasetRun{ID: r.ID, Slug: s.runSlugs[r.ID], Model: r.Model, Name: s.runLabel(r), F1: r.Scores[s.first()].F1, folded: r.Configuration != ""})
		}
	}
	slices.SortStableFunc(list, func(a, b datasetRun) int {
		if a.folded != b.folded {
			if b.folded {
				return -1
			}
			return 1
		}
		return cmp.Compare(value(b.F1), value(a.F1))
	})
	return list
}

func value(f *float64) float64 {
	if f == nil {
		return -1
	}
	return *f
}

// writeRuns writes all runs on the dataset. It returns what is remarkable about the
// passages.
func (w *datasetWriter) writeRuns(ctx context.Context, written map[string]bool) (Findings, error) {
	s := w.site
	list := s.runsOn(w.dataset)
	indexes := make([]*runIndex, len(list))
	err := eachOf(ctx, list, func(i int, of datasetRun) (err error) {
		indexes[i], err = w.writeRun(ctx, s.runs[of.ID])
		return err
	})
	if err != nil {
		return Findings{}, err
	}
	var whole []*runIndex
	var best []string
	for i, of := range list {
		run := s.runs[of.ID]
		written[run.ID] = true
		if run.Missing == "" && run.Configuration == "" {
			whole, best = append(whole, indexes[i]), append(best, run.ID)
		}
	}
	f := findings(whole, len(w.ids))
	f.Runs = best[:min(len(best), mostLanes)]
	if w.dataset.Text && s.mode != NoAnswers && len(f.Against) > 0 {
		return f, f.addMentions(ctx, s.archive, w.dataset.ID)
	}
	return f, nil
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
