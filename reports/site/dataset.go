package site

import (
	"slices"

	"nerbench/ner"
	"nerbench/reports"
)

// datasetPage is the page of a dataset.
type datasetPage struct {
	*Dataset
	Rows    []cellRow
	Columns rowColumns
	Types   []goldType
	Suites  []link
	Repairs *[]counter // of the files; nil: not known
}

// goldType is a type with its number of gold entities, from the counts of a complete
// run; nil: no run has them.
type goldType struct {
	Type ner.EntityType
	Gold *int
}

func (s *site) datasetPage(d *Dataset) (*datasetPage, error) {
	p := &datasetPage{Dataset: d}
	var gold map[ner.EntityType]map[string]Measure
	for _, line := range d.Ranks {
		run := s.runs[line.Run]
		if run == nil {
			continue
		}
		p.Rows = append(p.Rows, s.cellRow(run))
		if run.Missing == "" && gold == nil {
			gold = run.Types
		}
	}
	p.Columns = columnsOf(p.Rows)
	for _, t := range d.Types {
		g := goldType{Type: t}
		if m, ok := gold[t][s.first()]; ok {
			g.Gold = &m.NGold
		}
		p.Types = append(p.Types, g)
	}
	for i := range s.Suites {
		if slices.Contains(s.Suites[i].Datasets, d.ID) {
			p.Suites = append(p.Suites, link{s.Suites[i].Title, s.SuitePage(s.Suites[i].ID)})
		}
	}
	var err error
	p.Repairs, err = s.repairsOf(d.ID)
	return p, err
}

// repairsOf lists what was repaired or skipped in the files of a dataset, by kind; nil:
// not known.
func (s *site) repairsOf(dataset string) (*[]counter, error) {
	if s.archive == nil {
		return nil, nil
	}
	repairs, err := s.archive.Repairs(s.ctx, dataset)
	if repairs == nil || err != nil {
		return nil, err
	}
	list := counters(repairs)
	return &list, nil
}

// CeilingText prints the alignment ceiling.
func (d *Dataset) CeilingText() string { return reports.Percent(d.Ceiling) }

// DistinguishableText prints the smallest difference that is typically significant.
func (d *Dataset) DistinguishableText() string {
	if d.Distinguishable == nil {
		return "unknown"
	}
	return reports.Percent(d.Distinguishable) + " points"
}
