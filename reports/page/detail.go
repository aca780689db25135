package page

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"nerbench/ner"
	"nerbench/reports"
)

// datasetDetail holds the counts of one dataset, which the page shows on a click.
type datasetDetail struct {
	ID, Title, Domain string
	Runs              []runDetail
	Notes             []string // of values
	Types             []typeLine
	Systems           []string // of the columns of Types
}

// runDetail is one metric of one run with its counts.
type runDetail struct {
	System, Metric        string
	Precision, Recall, F1 string
	TP                    string
	NPred, NGold          int
	Complete, Passages    int
	Unreadable, Repaired  string
	Run                   string
	FirstOfRun            bool
}

type typeLine struct {
	Type    string
	Gold    string
	Figures []figure // strict spans, one for each run of the dataset
}

func detailDatasets(d *data) []datasetDetail {
	var out []datasetDetail
	for _, id := range d.datasets.Rows {
		own := slices.DeleteFunc(slices.Clone(d.runs), func(r run) bool { return r.dataset() != id })
		if len(own) == 0 {
			continue
		}
		slices.SortStableFunc(own, func(a, b run) int { return cmp.Compare(d.rank(a.system), d.rank(b.system)) })
		detail := datasetDetail{ID: reports.Label(id), Title: cmp.Or(d.info[id].Title, reports.Label(id)), Domain: d.info[id].Domain}
		var marks reports.Marks
		for _, r := range own {
			detail.Runs = append(detail.Runs, d.detailRun(r, &marks)...)
			system := r.system
			if note := r.Note(); note != "" {
				system += " " + marks.Mark(note)
			}
			detail.Systems = append(detail.Systems, system)
		}
		detail.Types, detail.Notes = d.detailTypes(own), marks.Notes()
		out = append(out, detail)
	}
	return out
}

// rank is the place of a system in the leaderboard.
func (d *data) rank(name string) int {
	return slices.IndexFunc(d.systems, func(s system) bool { return s.Name == name })
}

func (d *data) detailRun(r run, marks *reports.Marks) []runDetail {
	var out []runDetail
	coverage := r.Coverage()
	for i, metric := range slices.Sorted(maps.Keys(r.Scores)) {
		s := r.Scores[metric]
		p, rec, f1 := d.ratios(metric, s)
		tp, pred, gold := reports.PrintedCounts(s, d.doubled(metric))
		out = append(out, runDetail{
			System: r.system, Metric: metric, F1: coverage.Print(f1, r.Seen, marks),
			Precision: reports.Percent(coverage.Value(p)), Recall: reports.Percent(coverage.Value(rec)),
			TP: halves(tp), NPred: pred, NGold: gold, Complete: coverage.Scored, Passages: r.Passages,
			Unreadable: reports.Share(r.Failures(), r.Asked()), Repaired: reports.Share(r.Outcomes[ner.Repaired], r.Asked()),
			Run: r.ID, FirstOfRun: i == 0,
		})
	}
	return out
}

// halves prints a count that may end in a half.
func halves(n float64) string {
	s := commas(int(n))
	if n != math.Trunc(n) {
		s += ".5"
	}
	return s
}

func (d *data) detailTypes(runs []run) []typeLine {
	types := map[ner.EntityType]bool{}
	for _, r := range runs {
		for t := range r.ByType[reports.SpanF1] {
			types[t] = true
		}
	}
	var out []typeLine
	for _, t := range slices.Sorted(maps.Keys(types)) {
		line := typeLine{Type: string(t)}
		var gold []int
		for _, r := range runs {
			s, ok := r.ByType[reports.SpanF1][t]
			if !ok {
				line.Figures = append(line.Figures, figure{Main: reports.Undefined})
				continue
			}
			gold = append(gold, s.NGold)
			_, _, f1 := d.ratios(reports.SpanF1, s)
			line.Figures = append(line.Figures, figure{Main: reports.Percent(r.Coverage().Value(f1)), Sub: []string{fmt.Sprintf("%d of %d right", s.TP, s.NPred)}})
		}
		line.Gold = reports.Range(gold, commas)
		out = append(out, line)
	}
	return out
}
