package site

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"nerbench/ner"
	"nerbench/reports"
)

// answers makes the data files of the archive, each dataset when it is needed: a build
// needs all of them, a server those that somebody reads.
type answers struct {
	ctx     context.Context // of the build or the server
	archive Archive         // nil: the site has no answers
	mode    AnswersMode
	files   dataFiles
	units   map[string]*answersUnit // by dataset

	comparing sync.Mutex
	compared  string // data file of the page of comparisons; empty: not written
	any       anyAnswers
}

// anyAnswers remembers whether there are answers of any run: each page asks.
type anyAnswers struct {
	mu         sync.Mutex
	known, has bool
}

// answersUnit are the data files of a dataset.
type answersUnit struct {
	mu       sync.Mutex
	passages *datasetWriter  // nil: not written
	none     bool            // the archive has no passages of the dataset
	runs     map[string]bool // runs that were written
	findings *Findings       // nil: not known
}

// attach gives the archive to the pages.
func (s *site) attach(ctx context.Context, archive Archive, mode AnswersMode, files dataFiles) {
	if mode == "" {
		mode = ErrorAnswers
	}
	s.ctx, s.archive, s.mode, s.files, s.units = ctx, archive, mode, files, map[string]*answersUnit{}
	for i := range s.Datasets {
		s.units[s.Datasets[i].ID] = &answersUnit{runs: map[string]bool{}}
	}
}

// open writes the passages of a dataset, unless they are written. Without passages, it
// returns nil. The lock of the unit is held.
func (s *site) open(unit *answersUnit, dataset *Dataset) (*datasetWriter, error) {
	if unit.passages != nil || unit.none {
		return unit.passages, nil
	}
	w, err := s.writePassages(s.ctx, dataset)
	if errors.Is(err, ErrNoPassages) {
		unit.none = true
		return nil, nil
	}
	unit.passages = w
	return w, err
}

// hasPassages reports whether the site has the passages of a dataset.
func (s *site) hasPassages(dataset string) (bool, error) {
	if s.archive == nil {
		return false, nil
	}
	unit := s.units[dataset]
	unit.mu.Lock()
	defer unit.mu.Unlock()
	w, err := s.open(unit, s.datasets[dataset])
	return w != nil, err
}

// has reports whether the site has the answers of a run.
func (s *site) has(run string) (bool, error) {
	if s.archive == nil || !s.archive.Has(run) || !s.keeps(s.runs[run]) {
		return false, nil
	}
	return s.hasPassages(s.runs[run].Dataset)
}

// keeps reports whether the mode has answers of a run. Folded configurations may be many:
// their answers are only part of a site with all answers.
func (s *site) keeps(run *Run) bool { return run.Configuration == "" || s.mode == AllAnswers }

// NoAnswers says why the site has no viewer of a run; empty if it has one.
func (s *site) NoAnswers(run string) (string, error) {
	page, err := s.AnswersPage(run)
	switch {
	case page != "" || err != nil:
		return "", err
	case s.archive == nil || s.mode == NoAnswers:
		return "This site has no answers.", nil
	case !s.keeps(s.runs[run]):
		return "This site has no answers of other configurations.", nil
	case s.runs[run].Complete > 0 && !s.archive.Has(run):
		return "This site has no answers of this run, which is on other passages than most runs on this dataset.", nil
	case s.runs[run].Complete > 0:
		return "This site has no answers on this dataset: its passages were missing.", nil
	}
	return "", nil
}

// hasAny reports whether the site has answers of any run.
func (s *site) hasAny() (bool, error) {
	if s.archive == nil {
		return false, nil
	}
	s.any.mu.Lock()
	defer s.any.mu.Unlock()
	for i := 0; i < len(s.Runs) && !s.any.known; i++ {
		has, err := s.has(s.Runs[i].ID)
		if err != nil {
			return false, err
		}
		s.any.known, s.any.has = has, has
	}
	s.any.known = true
	return s.any.has, nil
}

// needRun writes the data files of a run, unless they are written.
func (s *site) needRun(run *Run) error {
	if has, err := s.has(run.ID); !has || err != nil {
		return err
	}
	unit := s.units[run.Dataset]
	unit.mu.Lock()
	defer unit.mu.Unlock()
	if unit.runs[run.ID] {
		return nil
	}
	_, err := unit.passages.writeRun(s.ctx, run)
	unit.runs[run.ID] = err == nil
	return err
}

// Findings are the remarkable passages of a dataset; none without an archive. They need
// the answers of all runs.
func (s *site) Findings(dataset string) (Findings, error) {
	if has, err := s.hasPassages(dataset); !has || err != nil {
		return Findings{}, err
	}
	unit := s.units[dataset]
	unit.mu.Lock()
	defer unit.mu.Unlock()
	if unit.findings == nil {
		f, err := unit.passages.writeRuns(s.ctx, unit.runs)
		if err != nil {
			return Findings{}, err
		}
		unit.findings = &f
	}
	return *unit.findings, nil
}

// AnswersPage is the address of the viewer of a run; empty if the site has no answers of
// it.
func (s *site) AnswersPage(run string) (string, error) {
	if has, err := s.has(run); !has || err != nil || s.mode == NoAnswers {
		return "", err
	}
	return "view.html#run=" + s.runSlugs[run], nil
}

// FindingPage is the address of a passage, counted from 0, in the best runs on a dataset;
// empty if the site has no answers of them.
func (s *site) FindingPage(dataset string, passage int) (string, error) {
	f, err := s.Findings(dataset)
	if err != nil {
		return "", err
	}
	var slugs []string
	for _, id := range f.Runs {
		slugs = append(slugs, s.runSlugs[id])
	}
	if len(slugs) == 0 || s.mode == NoAnswers {
		return "", nil
	}
	return fmt.Sprintf("view.html#run=%s&p=%d", strings.Join(slugs, ","), passage+1), nil
}

// ComparePage is the address of the comparison of a model with another one; empty if the
// site has no answers.
func (s *site) ComparePage(model string) (string, error) {
	if any, err := s.hasAny(); !any || err != nil {
		return "", err
	}
	return "compare.html#a=" + model, nil
}

// comparePage is what the page of comparisons has: its data file, and whether the site has
// passages.
func (s *site) comparePage() (p struct {
	Data string
	View bool
}, err error) {
	p.View = s.mode != NoAnswers
	p.Data, err = s.comparisonsFile()
	return p, err
}

// findingCell is the number of a passage, from 1, with its link, if there is one.
type findingCell struct {
	Root, Path string
	Passage    int
}

// F1 prints the F1 of all systems together.
func (h HardPassage) F1() string {
	f1, ok := h.Score.F1()
	if !ok {
		return reports.Undefined
	}
	return reports.Percent(&f1)
}

// folderFiles writes data files into the folder of a site.
type folderFiles struct{ out *folder }

func (f *folderFiles) add(files ...file) error {
	for _, file := range files {
		if err := f.out.add(file); err != nil {
			return err
		}
	}
	return nil
}

func (f *folderFiles) Fixed(key string, content any) error { return addFixed(f.add, key, content) }

func (f *folderFiles) Hashed(key string, content any) (string, error) {
	return addHashed(f.add, key, content)
}

func addFixed(add func(...file) error, key string, content any) error {
	script, plain, err := dataFile(key, content)
	if err != nil {
		return err
	}
	script.path = fixedData(key)
	return add(script, plain)
}

func addHashed(add func(...file) error, key string, content any) (string, error) {
	script, plain, err := dataFile(key, content)
	if err != nil {
		return "", err
	}
	return script.path, add(script, plain)
}

// writeAnswers writes all data files of the archive.
func (s *site) writeAnswers() error {
	for i := range s.Datasets {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if _, err := s.Findings(s.Datasets[i].ID); err != nil {
			return err
		}
	}
	if any, err := s.hasAny(); !any || err != nil {
		return err
	}
	_, err := s.comparisonsFile()
	return err
}

// typeScores are the counts of a run by type, of the metric that ranks.
func (s *site) typeScores(r *Run) map[ner.EntityType]ner.Score {
	if len(s.Metrics) == 0 {
		return nil
	}
	out := map[ner.EntityType]ner.Score{}
	for t, measures := range r.Types {
		if m, there := measures[s.Metrics[0]]; there {
			out[t] = m.Score
		}
	}
	return out
}

// viewNames are the words behind the numbers of the data files.
type viewNames struct {
	Outcomes []ner.Outcome `json:"outcomes"`
	Failures []ner.Outcome `json:"failures"`
	Classes  []Class       `json:"classes"`
}

// answerPages are the pages that show answers; none without an archive.
func (s *site) answerPages() ([]page, error) {
	if any, err := s.hasAny(); !any || err != nil {
		return nil, err
	}
	names := viewNames{Outcomes: ner.Outcomes, Classes: Classes}
	for _, o := range ner.Outcomes {
		if o.Failure() {
			names.Failures = append(names.Failures, o)
		}
	}
	shared := s.assets["answers.js"].path
	pages := []page{{
		path: "compare.html", title: "Compare", body: "compare", scripts: []string{shared, s.assets["compare.js"].path}, styles: []string{"view.css"},
		content: func() (any, error) { return s.comparePage() },
	}}
	if s.mode != NoAnswers {
		pages = append(pages, page{
			path: "view.html", title: "Answers", body: "view", scripts: []string{shared, s.assets["view.js"].path}, styles: []string{"view.css"},
			content: func() (any, error) {
				text, err := encode(names)
				return string(text), err
			},
		})
	}
	return pages, nil
}
