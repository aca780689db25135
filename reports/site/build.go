package site

import (
	"context"
	"crypto/sha256"
	"fmt"
	"html/template"
	"sync/atomic"
	"time"

	"nerbench/internal/parallel"
	"nerbench/reports"
)

// Options are the choices of a build.
type Options struct {
	// Modified is the time of the files; zero: the time of the build.
	Modified time.Time
	// Answers selects the passages whose answers are written; empty: [ErrorAnswers].
	Answers AnswersMode
	// MaxBytes is the largest size of the folder; 0: no limit.
	MaxBytes int64
}

// Built describes a site that was written.
type Built struct {
	Files int
	Bytes int64
	// Models and Runs are the numbers of those on the board.
	Models, Runs int
	// List is the checksum of the list of files ([ListSum]).
	List [sha256.Size]byte
	// Unchanged: it was there before, and was not written again.
	Unchanged bool
}

// site is a board with all that its pages need.
type site struct {
	*Board
	assets    assets
	templates *template.Template
	boardFile file // the data file of the board
	plain     file // the same as JSON
	*lookup
	answers                       // of the archive
	medians   map[string]*float64 // of F1 by dataset
	published *published          // nil: no published number concerns the board
}

// Build writes the site of a board into a folder. The folder is replaced in one step,
// and only if it is missing, empty, or as an earlier build wrote it. The archive may be
// nil: then the site has no answers.
func Build(ctx context.Context, dir string, b *Board, a Archive, o Options) (Built, error) {
	s, err := newSite(b)
	if err != nil {
		return Built{}, err
	}
	out, err := newFolder(ctx, dir, list{listFormat, "nerbench " + b.Version, len(b.Models), len(b.Runs), map[string]string{}}, o.Modified)
	if err != nil {
		return Built{}, err
	}
	defer out.abandon()
	out.max = o.MaxBytes
	s.attach(ctx, a, o.Answers, &folderFiles{out})
	if err := s.writeAnswers(); err != nil {
		return Built{}, err
	}
	if err := s.write(ctx, out); err != nil {
		return Built{}, err
	}
	text, err := out.finish()
	if err != nil {
		return Built{}, err
	}
	return Built{Files: len(out.list.Files) + 1, Bytes: out.bytes, Models: len(b.Models), Runs: len(b.Runs), List: sha256.Sum256(text)}, nil
}

func newSite(b *Board) (*site, error) {
	if len(b.Suites) == 0 { // the index page is that of a suite
		whole := *b
		whole.Suites = []Suite{{ID: "all", Title: "All datasets"}}
		b = &whole
	}
	s := &site{Board: b}
	var err error
	if s.lookup, err = newLookup(b); err != nil {
		return nil, err
	}
	s.medians = newMedians(b, s.lookup, s.first())
	values, err := reports.Published()
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	s.published = s.publishedTables(values)
	if s.assets, err = newAssets(); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	if s.boardFile, s.plain, err = dataFile("board", s.data()); err != nil {
		return nil, err
	}
	if s.templates, err = s.parseTemplates(); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	return s, nil
}

// write writes every file of the site.
func (s *site) write(ctx context.Context, out *folder) error {
	for _, f := range s.assets {
		if err := out.add(f); err != nil {
			return err
		}
	}
	for _, f := range []file{s.boardFile, s.plain} {
		if err := out.add(f); err != nil {
			return err
		}
	}
	pages, err := s.pages()
	if err != nil {
		return err
	}
	return eachOf(ctx, pages, func(_ int, p page) error {
		f, err := s.render(p)
		if err != nil {
			return err
		}
		return out.add(f)
	})
}

// eachOf calls f with each item and its index, on all processors. Its error is that of the
// first item that has one.
func eachOf[T any](ctx context.Context, items []T, f func(int, T) error) error {
	errs := make([]error, len(items))
	var failed atomic.Bool
	parallel.Each(len(items), func(i int) {
		if failed.Load() {
			return
		}
		if errs[i] = ctx.Err(); errs[i] == nil {
			errs[i] = f(i, items[i])
		}
		if errs[i] != nil {
			failed.Store(true)
		}
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// navigation lists the pages that every page links.
func (s *site) navigation() ([]link, error) {
	list := []link{{"Ranking", "index.html"}, {"Matrix", "matrix.html"}}
	if len(s.Ablations) > 0 {
		list = append(list, link{"Ablations", "ablations.html"})
	}
	if s.published != nil {
		list = append(list, link{"Published", "published.html"})
	}
	compare, err := s.hasAny()
	if compare {
		list = append(list, link{"Compare", "compare.html"})
	}
	if s.Log != nil {
		list = append(list, link{"Log", "log.html"})
	}
	return append(list, link{"Methods", "methods.html"}), err
}

// pages lists the pages of the site.
func (s *site) pages() ([]page, error) {
	list, err := s.answerPages()
	for i := range s.Suites {
		suite := &s.Suites[i]
		p := page{path: s.SuitePage(suite.ID), title: suite.Title, body: "ranking", charts: true}
		p.content = func() (any, error) { return s.ranking(suite), nil }
		list = append(list, p)
	}
	list = append(list,
		page{path: "matrix.html", title: "Matrix", body: "matrix", content: func() (any, error) { return s.matrix(), nil }},
		page{path: "methods.html", title: "Methods", body: "methods", content: func() (any, error) { return nil, nil }},
	)
	if s.Log != nil {
		list = append(list, page{path: "log.html", title: "Log", body: "log", content: func() (any, error) { return s.logRows(), nil }})
	}
	if len(s.Ablations) > 0 {
		list = append(list, page{path: "ablations.html", title: "Ablations", body: "ablations", content: func() (any, error) { return s.ablationGroups(), nil }})
	}
	if s.published != nil {
		list = append(list, page{path: "published.html", title: "Published numbers", body: "published", content: func() (any, error) { return s.published, nil }})
	}
	for i := range s.Models {
		m := &s.Models[i]
		list = append(list, page{path: s.ModelPage(m.Slug), title: m.Name, body: "model", content: func() (any, error) { return s.modelPage(m), nil }})
	}
	for i := range s.Datasets {
		d := &s.Datasets[i]
		list = append(list, page{path: s.DatasetPage(d.ID), title: d.ID, body: "dataset", content: func() (any, error) { return s.datasetPage(d) }})
	}
	for _, r := range s.allRuns() {
		title := s.models[r.Model].Name + " on " + r.Dataset
		list = append(list, page{path: s.RunPage(r.ID), title: title, body: "run", content: func() (any, error) { return s.runPage(r) }})
	}
	return list, err
}

// allRuns lists the runs with a page: those of the board, and those of folded
// configurations.
func (s *site) allRuns() []*Run {
	var list []*Run
	for i := range s.Runs {
		list = append(list, &s.Runs[i])
	}
	for i := range s.Folded {
		list = append(list, &s.Folded[i])
	}
	return list
}
