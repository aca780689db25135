package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"nerbench/ner"
)

// comparison is a table of one metric with a line for each domain or row.
type comparison struct {
	Metric metricInfo
	Lines  []comparisonLine
	Notes  []string
}

type comparisonLine struct {
	Name, Title, Domain string
	Average             bool
	Used                string // "5 of 16", rows in an average
	Passages, Gold      string
	Figures             []figure // one a system
}

// compare lays out a table for the page: systems across, only lines that ran.
func compare(built *builtTables, t *Table, m metricInfo) comparison {
	out := comparison{Metric: m}
	marks := &layout{t: t, metric: m.ID, marks: map[string]string{}}
	names := make([]string, len(built.systems))
	for i, s := range built.systems {
		names[i] = s.Name
	}
	for _, row := range t.Rows {
		if !t.rowRan(m.ID, row) {
			continue
		}
		at := func(name string) *Cell { return t.Cell(m.ID, row, name) }
		line := comparisonLine{
			Name: named(row), Title: t.info[row].Title, Domain: t.info[row].Domain,
			Average:  isAverage(row),
			Passages: rangeOf(sizes(names, at, passagesOf), commas), Gold: rangeOf(sizes(names, at, goldOf), commas),
		}
		for _, name := range names {
			line.Figures = append(line.Figures, newFigure(marks, at(name)))
		}
		if used, total := usedRows(names, at); total > 0 {
			line.Used = fmt.Sprintf("%d of %d", used, total)
		}
		out.Lines = append(out.Lines, line)
	}
	out.Notes = marks.notes
	return out
}

func newFigure(marks *layout, c *Cell) figure {
	if !c.Ran() {
		return figure{Main: "not run", Missing: true}
	}
	f := figure{Main: Percent(c.Value)}
	if c.Value != nil {
		f.Heat = int(math.Round(10 * *c.Value))
	}
	if c.CI != nil {
		f.Sub = append(f.Sub, fmt.Sprintf("%s – %s", Percent(&c.CI[0]), Percent(&c.CI[1])))
	}
	if c.Failures > 0 {
		f.Sub = append(f.Sub, Share(c.Failures, c.Queries)+" % unreadable")
	}
	if c.Note != "" {
		f.Main += " " + marks.mark(c.Note)
	}
	return f
}

// rowDetail is what stands one click away from the numbers of one row.
type datasetDetail struct {
	ID, Title, Domain string
	Runs              []runDetail
	Types             []typeLine
	Systems           []string // of the columns of Types
}

// runDetail is one metric of one run with its counts.
type runDetail struct {
	System, Metric         string
	Precision, Recall, F1  string
	TP                     string
	NPred, NGold           int
	Complete, Passages     int
	Unreadable, Repaired   string
	Run                    string
	FirstOfRun, Incomplete bool
}

// halves prints a count that may end in a half.
func halves(n float64) string {
	s := commas(int(n))
	if n != math.Trunc(n) {
		s += ".5"
	}
	return s
}

type typeLine struct {
	Type    string
	Gold    string
	Figures []figure // strict spans, one a run of the row
}

func detailDatasets(built *builtTables) []datasetDetail {
	var out []datasetDetail
	for _, dataset := range built.datasets.Rows {
		own := slices.DeleteFunc(slices.Clone(built.runs), func(r *run) bool { return r.key(KeyDataset) != dataset })
		if len(own) == 0 {
			continue
		}
		slices.SortStableFunc(own, func(a, b *run) int { return cmp.Compare(built.rank(a.system), built.rank(b.system)) })
		d := datasetDetail{ID: named(dataset), Title: cmp.Or(built.datasets.info[dataset].Title, named(dataset)), Domain: built.datasets.info[dataset].Domain}
		for _, r := range own {
			d.Runs = append(d.Runs, built.detailRun(r)...)
			d.Systems = append(d.Systems, r.system)
		}
		d.Types = built.detailTypes(own)
		out = append(out, d)
	}
	return out
}

// rank is the place of a system in the leaderboard.
func (built *builtTables) rank(name string) int {
	return slices.IndexFunc(built.systems, func(s system) bool { return s.Name == name })
}

func (built *builtTables) detailRun(r *run) []runDetail {
	var out []runDetail
	for i, metric := range sortedKeys(r.Scores) {
		s := r.Scores[metric]
		p, rec, f1 := built.ratios(metric, s)
		tp, pred, gold := halved(s, built.doubled(metric))
		out = append(out, runDetail{
			System: r.system, Metric: metric, Precision: Percent(p), Recall: Percent(rec), F1: Percent(f1),
			TP: halves(tp), NPred: pred, NGold: gold, Complete: r.Complete, Passages: r.Passages, Incomplete: r.incomplete(),
			Unreadable: Share(r.failures(), r.asked()), Repaired: Share(r.Outcomes[ner.Repaired], r.asked()),
			Run: r.ID, FirstOfRun: i == 0,
		})
	}
	return out
}

func (built *builtTables) detailTypes(runs []*run) []typeLine {
	types := map[ner.EntityType]bool{}
	for _, r := range runs {
		for t := range r.ByType[SpanF1] {
			types[t] = true
		}
	}
	var out []typeLine
	for _, t := range sortedKeys(types) {
		line := typeLine{Type: string(t)}
		gold := map[int]bool{}
		for _, r := range runs {
			s, ok := r.ByType[SpanF1][t]
			if !ok {
				line.Figures = append(line.Figures, figure{Main: undefined})
				continue
			}
			gold[s.NGold] = true
			_, _, f1 := built.ratios(SpanF1, s)
			line.Figures = append(line.Figures, figure{Main: Percent(f1), Sub: []string{fmt.Sprintf("%d of %d right", s.TP, s.NPred)}})
		}
		line.Gold = rangeOf(sortedKeys(gold), commas)
		out = append(out, line)
	}
	return out
}
