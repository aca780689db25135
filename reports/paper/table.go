package paper

import (
	"fmt"
	"slices"
	"strings"

	"nerbench/reports"
)

// Table is a table of the paper with own runs beside the published numbers.
type Table struct {
	Item  string   `json:"item"`
	Title string   `json:"title"`
	Cols  []string `json:"cols"`
	// Lines has one line for each system and metric, in every layout.
	Lines []Line `json:"lines"`
	// Footnotes are the texts of the footnotes of docs/spec/metrics.md §14.2 that
	// apply, by letter.
	Footnotes map[string]string `json:"footnotes"`
	Notes     []string          `json:"notes"`
	// Signatures describe how the scores of own runs were computed, by run and metric.
	Signatures map[string]map[string]string `json:"signatures,omitempty"`

	item    Item
	titles  map[string]string // of columns
	absent  map[string]string // reasons for which columns were not run
	notRun  string            // the note about them
	ownGrid *reports.Grid     // beside an example
	alone   bool              // without own runs
}

// Line is one system by one metric.
type Line struct {
	System string `json:"system"`
	Metric string `json:"metric"`
	// Published is set for a line that the paper prints; the others were measured.
	Published bool `json:"published"`
	// Values are F1 in percent by column. A column without a value is absent.
	Values map[string]float64 `json:"values"`
	// Used of Total datasets are in the mean of own runs.
	Used  int `json:"used,omitempty"`
	Total int `json:"total,omitempty"`
	// Missing is the reason for which a column has no value, where it is known.
	Missing map[string]string `json:"missing,omitempty"`
	// Remarks are the notes of values, by column: "incomplete: 3 of 8 passages".
	Remarks map[string]string `json:"remarks,omitempty"`

	cells map[string]*reports.Cell // of own runs, by column
}

// value returns the value of a column in percent; nil if there is none.
func (l *Line) value(col string) *float64 {
	if v, there := l.Values[col]; there {
		return &v
	}
	return nil
}

// ran reports whether the line has a run in a column, also one without a value.
func (l *Line) ran(col string) bool { return l.cells[col] != nil && l.cells[col].Ran() }

// averageColumn is the column of the mean, the last one.
const averageColumn = reports.MeanRows

// printedAverage is the group of published averages, see [reports.PublishedValue].
const printedAverage = "average (printed)"

// Build lays out an item: published numbers, then own runs. Of spec it uses
// Benchmark, Ratios and Doubled. The statistics of the datasets (lines = "data") are
// not results, so that such an item has no lines.
func Build(item Item, results []reports.Result, spec reports.Spec) (*Table, error) {
	values, err := reports.Published()
	if err != nil {
		return nil, err
	}
	notes, err := footnotes()
	if err != nil {
		return nil, err
	}
	t := &Table{Item: item.Name, Title: item.Title, Footnotes: map[string]string{}, Lines: []Line{}, Notes: []string{}, item: item, titles: map[string]string{}}
	for _, letter := range item.Footnotes {
		t.Footnotes[letter] = notes[letter]
	}
	if item.Note != "" {
		t.Notes = append(t.Notes, item.Note)
	}
	spec = spec.WithDefaults()
	if item.Lines == "fixed" {
		if form := ownForms[item.Own]; form != nil {
			spec.Metrics = []string{reports.UninerF1}
			own := form(results, spec)
			t.ownGrid = &own
		}
		return t, nil
	}
	spec.Benchmark = benchmarkOf(item, spec.Benchmark)
	t.columns(spec.Benchmark)
	t.published(values)
	if err := t.own(results, spec); err != nil {
		return nil, err
	}
	return t, nil
}

// BuildPublished lays out the published numbers of an item, without own runs.
func BuildPublished(item Item, spec reports.Spec) (*Table, error) {
	item.Own, item.Note, item.Title = "", "", "as published: "+item.Title
	t, err := Build(item, nil, spec)
	if err == nil {
		t.Notes, t.alone = nil, true
	}
	return t, err
}

// benchmarkOf returns the datasets of an item.
func benchmarkOf(item Item, all []reports.DatasetInfo) []reports.DatasetInfo {
	if len(item.Datasets) == 0 {
		return all
	}
	var datasets []reports.DatasetInfo
	for _, id := range item.Datasets {
		if i := slices.IndexFunc(all, func(r reports.DatasetInfo) bool { return r.ID == id }); i >= 0 {
			datasets = append(datasets, all[i])
		} else {
			datasets = append(datasets, reports.DatasetInfo{ID: id, Title: id})
		}
	}
	return datasets
}

func (t *Table) columns(datasets []reports.DatasetInfo) {
	for _, r := range datasets {
		name := r.ID
		if t.item.By == "domain" {
			name = r.Domain
		}
		if name != "" && !slices.Contains(t.Cols, name) {
			t.Cols = append(t.Cols, name)
			t.titles[name] = name
			if t.item.By != "domain" && r.Title != "" {
				t.titles[name] = r.Title
			}
		}
	}
	for _, group := range t.item.Also {
		t.Cols = append(t.Cols, group)
		t.titles[group] = group
	}
	if t.item.Average {
		t.Cols = append(t.Cols, averageColumn)
		t.titles[averageColumn] = averageColumn
	}
}

// published adds the published lines.
func (t *Table) published(values []reports.PublishedValue) {
	for _, v := range values {
		metric := slices.Index(t.item.Printed, v.Metric)
		if v.Source != reports.PaperSource || v.Table != t.item.Table || metric < 0 || v.System == "" {
			continue
		}
		name := v.System
		if _, behind, ok := strings.Cut(v.Setting, ": "); ok && t.item.Label == "setting" {
			name += ", " + behind
		}
		l := t.line(name, t.item.Metrics[metric])
		col := v.Dataset
		switch {
		case v.Group == printedAverage:
			col = averageColumn
		case v.Group != "":
			col = v.Group
		case t.item.By == "domain":
			col = v.Domain
		}
		if slices.Contains(t.Cols, col) {
			l.Values[col] = v.Value
		}
	}
}

// footnotes returns the footnotes of the table with their letters.
func (t *Table) footnotes() []string { return lettered(t.item.Footnotes, t.Footnotes) }

// line returns a published line, which is added if it is new.
func (t *Table) line(system, metric string) *Line {
	for i := range t.Lines {
		if l := &t.Lines[i]; l.System == system && l.Metric == metric {
			return l
		}
	}
	t.Lines = append(t.Lines, Line{System: system, Metric: metric, Published: true, Values: map[string]float64{}})
	return &t.Lines[len(t.Lines)-1]
}

// within reports whether a dataset is one of the table, whose means are over its own
// datasets only.
func within(datasets []reports.DatasetInfo, id string) bool {
	return len(datasets) == 0 || slices.ContainsFunc(datasets, func(d reports.DatasetInfo) bool { return d.ID == id })
}

// own adds the lines of own runs.
func (t *Table) own(results []reports.Result, spec reports.Spec) error {
	results = slices.DeleteFunc(slices.Clone(results), func(r reports.Result) bool {
		oracle := r.Keys["queries"] != "" && r.Keys["queries"] != "all" // not comparable (docs/spec/prompts.md §2.9)
		return oracle || r.Keys["paraphrase"] != "" || !within(spec.Benchmark, r.Keys["dataset"])
	})
	spec.Rows, spec.Cols, spec.Metrics = reports.KeyDataset, reports.KeySystem, t.item.Metrics
	if t.item.By == "domain" {
		spec.Rows = reports.KeyDomain
	}
	built, err := reports.Build(results, spec)
	if err != nil {
		return err
	}
	t.Signatures = built.Signatures
	for _, system := range built.Cols {
		for _, metric := range t.item.Metrics {
			if l := t.ownLine(built, metric, system); slices.ContainsFunc(t.Cols, l.ran) {
				t.Lines = append(t.Lines, l)
			}
		}
	}
	if !slices.ContainsFunc(t.Lines, func(l Line) bool { return !l.Published }) {
		t.Notes = append(t.Notes, "no own runs on these datasets")
	}
	t.absent = map[string]string{}
	var absent []string
	for _, r := range spec.Benchmark {
		ran := slices.ContainsFunc(t.Lines, func(l Line) bool { return l.ran(r.ID) })
		if r.Absent != "" && !ran && t.item.By != "domain" {
			t.absent[r.ID] = r.Absent
			absent = append(absent, r.ID)
		}
	}
	if len(absent) > 0 {
		t.notRun = fmt.Sprintf("not run (%d): %s", len(absent), t.withReasons(absent))
		t.Notes = append(t.Notes, t.notRun)
	}
	return nil
}

// withReasons lists names of columns, with the reasons for which they were not run.
func (t *Table) withReasons(names []string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = name
		if reason := t.absent[name]; reason != "" {
			parts[i] += " (" + reason + ")"
		}
	}
	return strings.Join(parts, "; ")
}

// ownLine returns the line of a system by one metric.
func (t *Table) ownLine(built *reports.Table, metric, system string) Line {
	l := Line{
		System: system, Metric: metric, Values: map[string]float64{}, Missing: map[string]string{}, Remarks: map[string]string{},
		cells: map[string]*reports.Cell{},
	}
	for _, col := range t.Cols {
		c := built.Cell(metric, col, system)
		if c == nil {
			continue
		}
		l.cells[col] = c
		switch {
		case c.Value != nil:
			l.Values[col] = reports.InPercent(*c.Value)
			if c.Note != "" {
				l.Remarks[col] = c.Note
			}
			if col == averageColumn {
				l.Used, l.Total = c.Used, c.Total
			}
		case c.Note != "":
			l.Missing[col] = c.Note
		}
	}
	return l
}
