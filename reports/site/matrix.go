package site

import "nerbench/reports"

// matrix is the page of all cells.
type matrix struct {
	Metrics []metricLink
	Models  []matrixModel
	Rows    []matrixRow
}

type matrixModel struct {
	*Model
	Path, Rank string
}

type matrixRow struct {
	*Dataset
	Path  string
	Cells []matrixCell
}

type matrixCell struct {
	number
	Path    string
	Missing string
}

// matrix lists the models in the order of the first suite.
func (s *site) matrix() *matrix {
	x := &matrix{}
	for _, m := range s.Metrics {
		x.Metrics = append(x.Metrics, metricLink{m, metricName(m), s.Definitions[m]})
	}
	listed := map[string]bool{}
	add := func(slug, rank string) {
		if m := s.models[slug]; !listed[slug] {
			listed[slug] = true
			x.Models = append(x.Models, matrixModel{m, s.ModelPage(slug), rank})
		}
	}
	if len(s.Suites) > 0 {
		for _, line := range s.Suites[0].Ranked {
			add(line.Model, rankRange(line.From, line.To))
		}
		for _, line := range s.Suites[0].Unranked {
			add(line.Model, "")
		}
	}
	for _, m := range s.Models {
		add(m.Slug, "")
	}
	for i := range s.Datasets {
		d := &s.Datasets[i]
		row := matrixRow{Dataset: d, Path: s.DatasetPage(d.ID)}
		for _, m := range x.Models {
			row.Cells = append(row.Cells, s.matrixCell(s.cells[[2]string{m.Slug, d.ID}]))
		}
		x.Rows = append(x.Rows, row)
	}
	return x
}

func (s *site) matrixCell(run *Run) matrixCell {
	if run == nil {
		return matrixCell{number: number{Text: reports.Undefined}}
	}
	c := matrixCell{number: f1(run.Scores[s.first()].F1, nil), Path: s.RunPage(run.ID), Missing: run.Missing}
	if run.Missing != "" {
		c.Heat = 0
	}
	for _, metric := range s.Metrics[min(1, len(s.Metrics)):] {
		c.Others = append(c.Others, f1(run.Scores[metric].F1, nil))
	}
	return c
}
