package site

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"nerbench/ner"
	"nerbench/reports"
)

// modelPage is the page of a model.
type modelPage struct {
	*Model
	Standings      []standing
	Rows           []cellRow // by dataset
	Columns        rowColumns
	Strong, Weak   []cellRow // furthest above and below the median
	Outcomes       []outcomeCount
	Types          []typeRow
	Configurations []configurationRow
	ZeroShot       string
	Incomplete     bool       // some suite lacks a dataset
	Submitted      *submitted // nil: runs of the own store
}

// Prompt describes the prompt of a model; a tagger has none.
func (m *Model) Prompt() string {
	switch {
	case m.Imported:
		return "unknown: the predictions were imported"
	case m.Family == "spans":
		return "none"
	case m.Demonstrations == 0:
		return orUnknown(short(m.Family)) + ", no demonstrations"
	default:
		return orUnknown(short(m.Family)) + ", " + ner.Count(m.Demonstrations, "demonstration")
	}
}

// Link is the page of the model, if a page may link to it.
func (m *Model) Link() string { return Source{Address: m.Page}.Link() }

// standing is the place of a model in a suite.
type standing struct {
	Suite          *Suite
	Path, Rank     string
	Ranked         int
	Means          []number // by metric
	Unseen, Failed number
	Line           *Line
}

// cellRow is a run as a line of a table.
type cellRow struct {
	*Run
	Path    string // of the run
	Model   *Model
	Dataset *Dataset
	// ModelPath and DatasetPath are their pages.
	ModelPath, DatasetPath string
	Rank                   string
	Scores                 []number // by metric
	Precision, Recall      string
	Counts                 ner.Score
	Median                 string // difference to the median, in points
	Failed                 number
	Format                 string // lenient minus official, in points
	Seen                   Seen
	difference             float64
	compared               bool
}

// rowColumns says which columns have a value in some line.
type rowColumns struct{ Format, Ceiling, Failed, Median, Seen, Track bool }

type outcomeCount struct {
	Outcome ner.Outcome
	N       int
	Share   string
}

type typeRow struct {
	Type              ner.EntityType
	Scores            []number
	Precision, Recall string
	Counts            ner.Score
}

type configurationRow struct {
	Configuration
	Means []string // by suite and metric: "Suite: 61.2"
	Paths []link
}

func (s *site) modelPage(m *Model) *modelPage {
	p := &modelPage{Model: m}
	for i := range s.Suites {
		suite := &s.Suites[i]
		for _, lines := range [][]Line{suite.Ranked, suite.Unranked} {
			for k := range lines {
				if lines[k].Model == m.Slug {
					p.Standings = append(p.Standings, s.standing(suite, &lines[k]))
					p.Incomplete = p.Incomplete || lines[k].Missing != ""
				}
			}
		}
	}
	outcomes := map[ner.Outcome]int{}
	types := map[ner.EntityType]ner.Score{}
	known, unseen := 0, 0
	for i := range s.Datasets {
		d := &s.Datasets[i]
		run := s.cells[[2]string{m.Slug, d.ID}]
		if run == nil {
			continue
		}
		p.Rows = append(p.Rows, s.cellRow(run))
		for o, n := range run.Outcomes {
			outcomes[o] += n
		}
		for t, scores := range run.Types {
			types[t] = types[t].Add(scores[s.first()].Score)
		}
		switch m.Seen[d.ID] {
		case SeenNo:
			unseen++
			known++
		case SeenYes:
			known++
		}
	}
	if known > 0 {
		p.ZeroShot = fmt.Sprintf("on %d of %d datasets", unseen, len(p.Rows))
	}
	p.Columns = columnsOf(p.Rows)
	p.Submitted = submissionsOf(p.Rows)
	p.Outcomes = outcomeCounts(outcomes)
	p.Types = commonTypes(types)
	p.Strong, p.Weak = extremes(p.Rows)
	for _, c := range m.Others {
		p.Configurations = append(p.Configurations, s.configuration(c))
	}
	return p
}

// first is the metric that ranks.
func (s *site) first() string {
	if len(s.Metrics) == 0 {
		return reports.SpanF1
	}
	return s.Metrics[0]
}

func (s *site) standing(suite *Suite, line *Line) standing {
	st := standing{
		Suite: suite, Path: s.SuitePage(suite.ID), Rank: rankRange(line.From, line.To), Ranked: len(suite.Ranked),
		Unseen: meanNumber(line.Unseen), Failed: share(line.Failures), Line: line,
	}
	for _, metric := range s.Metrics {
		n := number{Text: reports.Undefined}
		if mean, ok := line.Means[metric]; ok {
			n = meanNumber(&mean)
		}
		st.Means = append(st.Means, n)
	}
	return st
}

// cellRow describes a run.
func (s *site) cellRow(run *Run) cellRow {
	m, d := s.models[run.Model], s.datasets[run.Dataset]
	row := cellRow{
		Run: run, Path: s.RunPage(run.ID), Model: m, Dataset: d, ModelPath: s.ModelPage(m.Slug), DatasetPath: s.DatasetPage(d.ID),
		Failed: share(failedShare(run.Outcomes)), Seen: m.Seen[d.ID], Median: reports.Undefined, Format: reports.Undefined,
	}
	if row.Seen == "" {
		row.Seen = SeenUnknown
	}
	for _, line := range d.Ranks {
		if line.Run == run.ID {
			row.Rank = rankRange(line.From, line.To)
		}
	}
	for _, metric := range s.Metrics {
		score := run.Scores[metric]
		row.Scores = append(row.Scores, f1(score.F1, score.Interval))
	}
	main := run.Scores[s.first()]
	row.Precision, row.Recall, row.Counts = reports.Percent(main.Precision), reports.Percent(main.Recall), main.Score
	if median := s.median(d); median != nil && main.F1 != nil && run.Missing == "" {
		row.difference, row.compared = *main.F1-*median, true
		row.Median = points(&row.difference)
	}
	if lenient, official := run.Scores["uniner_f1_lenient"].F1, run.Scores[reports.UninerF1].F1; lenient != nil && official != nil {
		difference := *lenient - *official
		row.Format = points(&difference)
	}
	return row
}

func columnsOf(rows []cellRow) rowColumns {
	has := func(known func(cellRow) bool) bool { return slices.ContainsFunc(rows, known) }
	return rowColumns{
		Format:  has(func(r cellRow) bool { return r.Format != reports.Undefined }),
		Ceiling: has(func(r cellRow) bool { return r.Dataset.Ceiling != nil }),
		Failed:  has(func(r cellRow) bool { return r.Failed.Known() }),
		Median:  has(func(r cellRow) bool { return r.compared }),
		Track:   has(func(r cellRow) bool { return r.Model.Track != rows[0].Model.Track }),
		Seen:    has(func(r cellRow) bool { return r.Seen != SeenUnknown }),
	}
}

// median is the median of F1 over the complete runs on a dataset; nil for fewer than
// three.
func (s *site) median(d *Dataset) *float64 {
	if m, ok := s.medians[d.ID]; ok {
		return m
	}
	return nil
}

func newMedians(b *Board, x *lookup, metric string) map[string]*float64 {
	values := map[string][]float64{}
	for _, run := range x.cells {
		if f := run.Scores[metric].F1; f != nil && run.Missing == "" {
			values[run.Dataset] = append(values[run.Dataset], *f)
		}
	}
	medians := map[string]*float64{}
	for id, v := range values {
		if len(v) < 3 {
			continue
		}
		slices.Sort(v)
		m := (v[(len(v)-1)/2] + v[len(v)/2]) / 2
		medians[id] = &m
	}
	return medians
}

// failedShare is the share of failed queries; nil if none was asked.
func failedShare(outcomes map[ner.Outcome]int) *float64 {
	asked, failed := 0, 0
	for o, n := range outcomes {
		asked += n
		if o.Failure() {
			failed += n
		}
	}
	if asked == 0 {
		return nil
	}
	v := float64(failed) / float64(asked)
	return &v
}

// outcomeCounts lists outcomes in their order, and unknown ones behind.
func outcomeCounts(outcomes map[ner.Outcome]int) []outcomeCount {
	total := 0
	for _, n := range outcomes {
		total += n
	}
	var list []outcomeCount
	add := func(o ner.Outcome) {
		if n := outcomes[o]; n > 0 {
			list = append(list, outcomeCount{o, n, reports.Share(n, total)})
		}
	}
	for _, o := range ner.Outcomes {
		add(o)
	}
	for _, o := range slices.Sorted(maps.Keys(outcomes)) {
		if !slices.Contains(ner.Outcomes, o) {
			add(o)
		}
	}
	return list
}

// manyTypes is the number of types on the page of a model.
const manyTypes = 20

// commonTypes lists the types with most gold entities.
func commonTypes(types map[ner.EntityType]ner.Score) []typeRow {
	var list []typeRow
	for _, t := range slices.Sorted(maps.Keys(types)) {
		list = append(list, newTypeRow(t, types[t]))
	}
	slices.SortStableFunc(list, func(a, b typeRow) int { return cmp.Compare(b.Counts.NGold, a.Counts.NGold) })
	return list[:min(len(list), manyTypes)]
}

func newTypeRow(t ner.EntityType, s ner.Score) typeRow {
	p, r, f := reports.FromCounts("", s)
	return typeRow{t, []number{f1(f, nil)}, reports.Percent(p), reports.Percent(r), s}
}

// extremes lists the datasets on which a model is furthest above and below the median.
func extremes(rows []cellRow) (strong, weak []cellRow) {
	sorted := slices.DeleteFunc(slices.Clone(rows), func(r cellRow) bool { return !r.compared })
	if len(sorted) < 6 {
		return nil, nil
	}
	slices.SortStableFunc(sorted, func(a, b cellRow) int { return cmp.Compare(b.difference, a.difference) })
	for _, r := range sorted {
		if r.difference > 0 {
			strong = append(strong, r)
		}
	}
	slices.Reverse(sorted)
	for _, r := range sorted {
		if r.difference < 0 {
			weak = append(weak, r)
		}
	}
	return strong[:min(5, len(strong))], weak[:min(5, len(weak))]
}

func (s *site) configuration(c Configuration) configurationRow {
	row := configurationRow{Configuration: c}
	for _, suite := range s.Suites {
		if mean, ok := c.Means[suite.ID]; ok {
			row.Means = append(row.Means, short(suite.Title)+": "+meanNumber(&mean).Text)
		}
	}
	for _, id := range c.Runs {
		if run := s.runs[id]; run != nil {
			row.Paths = append(row.Paths, link{short(run.Dataset), s.RunPage(id)})
		}
	}
	return row
}
