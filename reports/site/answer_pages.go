package site

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/reports"
)

// answers is what the pages know of the archive, once its files are written.
type answers struct {
	written  AnswersMode
	findings map[string]Findings // by dataset
	answered map[string]bool     // runs that have data files
	compared []file              // data of the page of comparisons
}

// Findings are the remarkable passages of a dataset; none without an archive.
func (s *site) Findings(dataset string) Findings { return s.findings[dataset] }

// AnswersPage is the address of the viewer of a run; empty if the site has no answers of
// it. Passages are counted from 1 in addresses; 0: the first one.
func (s *site) AnswersPage(run string, passage int) string {
	if !s.answered[run] || s.written == NoAnswers {
		return ""
	}
	address := "view.html#run=" + s.runSlugs[run]
	if passage > 0 {
		address += fmt.Sprintf("&p=%d", passage)
	}
	return address
}

// FindingPage is the address of a passage, counted from 0, in the best runs on a dataset;
// empty if the site has no answers of them.
func (s *site) FindingPage(dataset string, passage int) string {
	var slugs []string
	for _, id := range s.findings[dataset].Runs {
		slugs = append(slugs, s.runSlugs[id])
	}
	if len(slugs) == 0 || s.written == NoAnswers {
		return ""
	}
	return fmt.Sprintf("view.html#run=%s&p=%d", strings.Join(slugs, ","), passage+1)
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

// ComparePage is the address of the comparison of two models; empty if the site has no
// answers. Other may be empty.
func (s *site) ComparePage(model, other string) string {
	if len(s.answered) == 0 {
		return ""
	}
	return "compare.html#a=" + model + "&b=" + other
}

// folderFiles writes data files into the folder of a site.
type folderFiles struct {
	out *folder
	max int64
}

func (f *folderFiles) add(files ...file) error {
	for _, file := range files {
		if err := f.out.add(file); err != nil {
			return err
		}
	}
	if f.max > 0 && f.out.bytes > f.max {
		return &fault.Hint{
			Err:    fmt.Errorf("site: the folder is larger than %s bytes", commas(f.max)),
			Advice: "--answers errors or none writes fewer answers, --max-size permits more bytes",
		}
	}
	return nil
}

func (f *folderFiles) Fixed(key string, content any) error {
	script, plain, err := dataFile(key, content)
	if err != nil {
		return err
	}
	script.path = fixedData(key)
	return f.add(script, plain)
}

func (f *folderFiles) Hashed(key string, content any) (string, error) {
	script, plain, err := dataFile(key, content)
	if err != nil {
		return "", err
	}
	return script.path, f.add(script, plain)
}

// writeAnswers writes the data files of the archive.
func (s *site) writeAnswers(ctx context.Context, a Archive, o Options, out *folder) error {
	if a == nil {
		return nil
	}
	files := &folderFiles{out, o.MaxBytes}
	mode := o.Answers
	if mode == "" {
		mode = ErrorAnswers
	}
	s.answers = answers{written: mode, findings: map[string]Findings{}, answered: map[string]bool{}}
	for i := range s.Datasets {
		if err := ctx.Err(); err != nil {
			return err
		}
		found, err := s.writeDataset(ctx, &s.Datasets[i], a, mode, files)
		if errors.Is(err, ErrNoPassages) {
			continue
		}
		if err != nil {
			return err
		}
		s.findings[s.Datasets[i].ID] = found
	}
	if len(s.answered) == 0 {
		return nil
	}
	return s.writeComparisons(files)
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
func (s *site) answerPages() []page {
	if len(s.answered) == 0 {
		return nil
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
		content: func() (any, error) { return s.written != NoAnswers, nil },
	}}
	if s.written != NoAnswers {
		pages = append(pages, page{
			path: "view.html", title: "Answers", body: "view", scripts: []string{shared, s.assets["view.js"].path}, styles: []string{"view.css"},
			content: func() (any, error) {
				text, err := encode(names)
				return string(text), err
			},
		})
	}
	return pages
}
