package site

import (
	"fmt"
	"slices"
)

// lookup finds the parts of a board by their ids, and knows the addresses of their pages.
type lookup struct {
	models   map[string]*Model
	datasets map[string]*Dataset
	runs     map[string]*Run
	// cells holds the run of a model (its slug) on a dataset.
	cells map[[2]string]*Run

	datasetSlugs, runSlugs, suiteSlugs map[string]string
}

// newLookup checks that ids are unique and that what they refer to exists.
func newLookup(b *Board) (*lookup, error) {
	x := &lookup{models: map[string]*Model{}, datasets: map[string]*Dataset{}, runs: map[string]*Run{}, cells: map[[2]string]*Run{}}
	var datasets, runs, suites []string
	for i := range b.Models {
		m := &b.Models[i]
		if !isSlug.MatchString(m.Slug) || x.models[m.Slug] != nil {
			return nil, fmt.Errorf("site: model %q: slug %q is malformed or not unique", short(m.Name), m.Slug)
		}
		x.models[m.Slug] = m
	}
	for i := range b.Datasets {
		d := &b.Datasets[i]
		if x.datasets[d.ID] != nil {
			return nil, fmt.Errorf("site: dataset %q is not unique", short(d.ID))
		}
		x.datasets[d.ID] = d
		datasets = append(datasets, d.ID)
	}
	for i := range b.Runs {
		r := &b.Runs[i]
		if err := x.addRun(r); err != nil {
			return nil, err
		}
		runs = append(runs, r.ID)
		if cell := [2]string{r.Model, r.Dataset}; x.cells[cell] == nil {
			x.cells[cell] = r
		}
	}
	for i := range b.Folded {
		if err := x.addRun(&b.Folded[i]); err != nil {
			return nil, err
		}
		runs = append(runs, b.Folded[i].ID)
	}
	for _, a := range b.Ablations {
		if x.models[a.Model] == nil {
			return nil, fmt.Errorf("site: ablation of %s: model %q is not on the board", short(a.Key), short(a.Model))
		}
	}
	for _, suite := range b.Suites {
		suites = append(suites, suite.ID)
		for _, line := range slices.Concat(suite.Ranked, suite.Unranked) {
			if x.models[line.Model] == nil {
				return nil, fmt.Errorf("site: suite %s: model %q is not on the board", short(suite.ID), short(line.Model))
			}
		}
		for _, id := range suite.Datasets {
			if x.datasets[id] == nil {
				return nil, fmt.Errorf("site: suite %s: dataset %q is not on the board", short(suite.ID), short(id))
			}
		}
	}
	x.datasetSlugs, x.runSlugs, x.suiteSlugs = Slugs(datasets), Slugs(runs), Slugs(suites)
	return x, nil
}

// addRun adds a run, which must be the only one with its id, of a model and on a dataset of
// the board.
func (x *lookup) addRun(r *Run) error {
	if x.runs[r.ID] != nil {
		return fmt.Errorf("site: run %q is not unique", short(r.ID))
	}
	if x.models[r.Model] == nil || x.datasets[r.Dataset] == nil {
		return fmt.Errorf("site: run %s: model %q or dataset %q is not on the board", short(r.ID), short(r.Model), short(r.Dataset))
	}
	x.runs[r.ID] = r
	return nil
}

// runLabel is the name of a run for people: that of its model, and its configuration.
func (x *lookup) runLabel(r *Run) string {
	if r.Configuration == "" {
		return x.label(r.Model)
	}
	return x.label(r.Model) + ", " + r.Configuration
}

// label is the name of a model, with its slug if another model has the same name.
func (x *lookup) label(slug string) string {
	name := x.models[slug].Name
	for other, m := range x.models {
		if other != slug && m.Name == name {
			return name + " (" + slug + ")"
		}
	}
	return name
}

// ModelPage, DatasetPage, RunPage and SuitePage are paths in the site.
func (x *lookup) ModelPage(slug string) string { return "m/" + slug + ".html" }

func (x *lookup) DatasetPage(id string) string { return "d/" + x.datasetSlugs[id] + ".html" }

func (x *lookup) RunPage(id string) string { return "run/" + x.runSlugs[id] + ".html" }

// SuitePage is the page of a suite. The first suite is on the index page.
func (s *site) SuitePage(id string) string {
	if s.Suites[0].ID == id {
		return "index.html"
	}
	return "suite/" + s.suiteSlugs[id] + ".html"
}
