package reports

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"nerbench/internal/strict"
)

// PaperItem is a table or figure of the UniversalNER paper: its layout, as data.
type PaperItem struct {
	// Name is the file's name without .toml: table3, fig5a.
	Name string `toml:"-"`
	// Title stands above it, Note below it.
	Title string `toml:"title"`
	Note  string `toml:"note"`
	// Table is its name in [PublishedValue].
	Table string `toml:"table"`
	// Lines says what the lines are: systems; rows (then systems are the columns);
	// fixed, an example; or data, the statistics of the rows, which the caller has.
	Lines string `toml:"lines"`
	// By says what systems are measured on: row, or domain.
	By string `toml:"by"`
	// Label says how published systems are named: system (also if empty), or setting,
	// what is behind its colon.
	Label string `toml:"label"`
	// Rows are the datasets, in order; empty: all of the benchmark. Also are
	// groups of published values that are no rows.
	Datasets []string `toml:"datasets"`
	Also     []string `toml:"also"`
	// Metrics are those of own runs, Printed those of the published values that
	// belong to them; empty: f1.
	Metrics []string `toml:"metrics"`
	Printed []string `toml:"printed"`
	// Average: the mean over the rows is there, too, the printed one and that of own
	// runs.
	Average bool `toml:"average"`
	// Header and Fixed are the cells of an item that is an example (lines = "fixed"),
	// Own says how own runs are laid out beside it.
	Header []string   `toml:"header"`
	Fixed  [][]string `toml:"fixed"`
	Own    string     `toml:"own"`
	// Chart: it is a figure.
	Chart bool `toml:"chart"`
	// Footnotes are those of docs/spec/metrics.md §14.2 that apply.
	Footnotes []string `toml:"footnotes"`
}

//go:embed paper/*.toml paper/footnotes.txt
var paperFiles embed.FS

// PaperItems reads the tables and figures, in the order of their names.
func PaperItems() ([]PaperItem, error) {
	names, err := fs.Glob(paperFiles, "paper/*.toml")
	if err != nil {
		return nil, err
	}
	var items []PaperItem
	for _, name := range names {
		item := PaperItem{Name: strings.TrimSuffix(path.Base(name), ".toml")}
		if err := strict.ReadTOML(paperFiles, name, &item); err != nil {
			return nil, err
		}
		if item.Printed == nil {
			item.Printed = []string{"f1"}
		}
		items = append(items, item)
	}
	return items, nil
}

// Notes are the footnotes of an item, and its note.
func (i PaperItem) Notes() ([]string, error) {
	texts, err := footnotes()
	if err != nil {
		return nil, err
	}
	notes := lettered(i.Footnotes, texts)
	if i.Note != "" {
		notes = append(notes, i.Note)
	}
	return notes, nil
}

// lettered are footnotes with their letters: "(a) …".
func lettered(letters []string, texts map[string]string) []string {
	var notes []string
	for _, letter := range letters {
		notes = append(notes, "("+letter+") "+texts[letter])
	}
	return notes
}

// footnotes reads the texts of docs/spec/metrics.md §14.2, by their letters.
func footnotes() (map[string]string, error) {
	text, err := fs.ReadFile(paperFiles, "paper/footnotes.txt")
	if err != nil {
		return nil, err
	}
	notes := map[string]string{}
	for line := range strings.Lines(string(text)) {
		letter, note, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			return nil, fmt.Errorf("paper/footnotes.txt: %q: want a letter and a text", line)
		}
		notes[letter] = note
	}
	return notes, nil
}

// PaperTable is a table of the paper with own runs beside the published numbers.
type PaperTable struct {
	Item  string   `json:"item"`
	Title string   `json:"title"`
	Cols  []string `json:"cols"`
	// Lines are systems by metric, whatever the layout.
	Lines []PaperLine `json:"lines"`
	// Footnotes are those of docs/spec/metrics.md §14.2 that apply, by letter.
	Footnotes map[string]string `json:"footnotes"`
	Notes     []string          `json:"notes"`

	item    PaperItem
	titles  map[string]string // of columns
	ownGrid *Grid             // beside an example
	alone   bool              // without own runs
}

// PaperLine is one system by one metric.
type PaperLine struct {
	System string `json:"system"`
	Metric string `json:"metric"`
	// Published: the paper printed it; else it was measured.
	Published bool `json:"published"`
	// Values are F1 in percent by column; a column that is missing has none.
	Values map[string]float64 `json:"values"`
	// Used of Total rows are in the mean of own runs.
	Used  int `json:"used,omitempty"`
	Total int `json:"total,omitempty"`
	// Missing says why a column has no value, where that is known.
	Missing map[string]string `json:"missing,omitempty"`
}

// averageColumn is the last one.
const averageColumn = MeanRows

// BuildPaper lays out an item: published numbers, then own runs. benchmark are all
// rows, in their order.
func BuildPaper(item PaperItem, results []Result, spec Spec) (*PaperTable, error) {
	values, err := Published()
	if err != nil {
		return nil, err
	}
	notes, err := footnotes()
	if err != nil {
		return nil, err
	}
	t := &PaperTable{Item: item.Name, Title: item.Title, Footnotes: map[string]string{}, Lines: []PaperLine{}, Notes: []string{}, item: item, titles: map[string]string{}}
	for _, letter := range item.Footnotes {
		t.Footnotes[letter] = notes[letter]
	}
	if item.Note != "" {
		t.Notes = append(t.Notes, item.Note)
	}
	spec = spec.withDefaults()
	if item.Lines == "fixed" {
		if form := ownForms[item.Own]; form != nil {
			spec.Metrics = []string{UninerF1}
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

// BuildPublished lays out what the paper printed, and nothing else.
func BuildPublished(item PaperItem, spec Spec) (*PaperTable, error) {
	item.Own, item.Note, item.Title = "", "", "as published: "+item.Title
	t, err := BuildPaper(item, nil, spec)
	if err == nil {
		t.Notes, t.alone = nil, true
	}
	return t, err
}

// benchmarkOf are the rows of an item.
func benchmarkOf(item PaperItem, all []DatasetInfo) []DatasetInfo {
	if len(item.Datasets) == 0 {
		return all
	}
	var datasets []DatasetInfo
	for _, id := range item.Datasets {
		if i := slices.IndexFunc(all, func(r DatasetInfo) bool { return r.ID == id }); i >= 0 {
			datasets = append(datasets, all[i])
		} else {
			datasets = append(datasets, DatasetInfo{ID: id, Title: id})
		}
	}
	return datasets
}

func (t *PaperTable) columns(datasets []DatasetInfo) {
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

// published puts in the lines of the paper.
func (t *PaperTable) published(values []PublishedValue) {
	for _, v := range values {
		metric := slices.Index(t.item.Printed, v.Metric)
		if v.Source != PaperSource || v.Table != t.item.Table || metric < 0 || v.System == "" {
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

// footnotes are those of the table, with their letters.
func (t *PaperTable) footnotes() []string { return lettered(t.item.Footnotes, t.Footnotes) }

// line finds a published line, or adds it.
func (t *PaperTable) line(system, metric string) *PaperLine {
	for i := range t.Lines {
		if l := &t.Lines[i]; l.System == system && l.Metric == metric {
			return l
		}
	}
	t.Lines = append(t.Lines, PaperLine{System: system, Metric: metric, Published: true, Values: map[string]float64{}})
	return &t.Lines[len(t.Lines)-1]
}

// own puts in the lines of own runs.
func (t *PaperTable) own(results []Result, spec Spec) error {
	results = slices.DeleteFunc(slices.Clone(results), func(r Result) bool {
		oracle := r.Keys["queries"] != "" && r.Keys["queries"] != "all" // no result (docs/spec/prompts.md §2.9)
		return oracle || r.Keys["paraphrase"] != ""
	})
	spec.Rows, spec.Cols, spec.Metrics = KeyDataset, KeySystem, t.item.Metrics
	if t.item.By == "domain" {
		spec.Rows = KeyDomain
	}
	built, err := Build(results, spec)
	if err != nil {
		return err
	}
	for _, system := range built.Cols {
		for _, metric := range t.item.Metrics {
			l := PaperLine{System: system, Metric: metric, Values: map[string]float64{}, Missing: map[string]string{}}
			for _, col := range t.Cols {
				c := built.Cell(metric, col, system)
				switch {
				case c == nil:
				case c.Value != nil:
					l.Values[col] = InPercent(*c.Value)
					if col == averageColumn {
						l.Used, l.Total = c.Used, c.Total
					}
				case c.Note != "":
					l.Missing[col] = c.Note
				}
			}
			if len(l.Values) > 0 {
				t.Lines = append(t.Lines, l)
			}
		}
	}
	if !slices.ContainsFunc(t.Lines, func(l PaperLine) bool { return !l.Published }) {
		t.Notes = append(t.Notes, "own runs: none on these datasets")
	}
	var absent []string
	for _, r := range spec.Benchmark {
		ran := slices.ContainsFunc(t.Lines, func(l PaperLine) bool { _, there := l.Values[r.ID]; return there && !l.Published })
		if r.Absent != "" && !ran && t.item.By != "domain" {
			absent = append(absent, r.ID+" ("+r.Absent+")")
		}
	}
	if len(absent) > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("not run (%d): %s", len(absent), strings.Join(absent, "; ")))
	}
	return nil
}

// Grids lay the table out as the paper does; own runs beside an example are a table
// of their own.
func (t *PaperTable) Grids() []Grid {
	if t.item.Lines != "fixed" {
		return []Grid{t.grid()}
	}
	grids := []Grid{t.fixedGrid()}
	if t.ownGrid != nil {
		grids = append(grids, *t.ownGrid)
	}
	return grids
}

func (t *PaperTable) grid() Grid {
	g := Grid{Title: t.Title}
	several := len(t.item.Metrics) > 1
	if t.item.Lines == "datasets" {
		t.byDatasets(&g)
	} else {
		t.bySystems(&g, several)
	}
	g.Notes = t.footnotes()
	if !t.alone {
		g.Notes = append(g.Notes, "own runs: "+strings.Join(t.item.Metrics, ", ")+"; F1 in %")
	}
	g.Notes = append(g.Notes, t.Notes...)
	return g
}

func (t *PaperTable) bySystems(g *Grid, several bool) {
	g.Header = []string{"system"}
	if several {
		g.Header = append(g.Header, "metric")
	}
	g.Labels = len(g.Header)
	for _, c := range t.Cols {
		g.Header = append(g.Header, t.titles[c])
	}
	for _, l := range t.Lines {
		cells := []string{l.System}
		if several {
			cells = append(cells, l.Metric)
		}
		for _, c := range t.Cols {
			cells = append(cells, t.cell(&l, c))
		}
		g.Body, g.Published = append(g.Body, cells), append(g.Published, l.Published)
	}
}

func (t *PaperTable) byDatasets(g *Grid) {
	g.Header, g.PublishedColumns = []string{"dataset"}, []bool{false}
	for _, l := range t.Lines {
		g.Header, g.PublishedColumns = append(g.Header, l.System), append(g.PublishedColumns, l.Published)
	}
	for _, c := range t.Cols {
		cells := []string{t.titles[c]}
		for _, l := range t.Lines {
			cells = append(cells, t.cell(&l, c))
		}
		g.Body = append(g.Body, cells)
	}
}

// cell prints a value. Without one, "not run" is what own runs have, and a dash
// what the paper does not print, or what nothing can be run on.
func (t *PaperTable) cell(l *PaperLine, col string) string {
	v, there := l.Values[col]
	switch {
	case there && col == averageColumn && !l.Published && l.Used < l.Total:
		return fmt.Sprintf("%s (%d/%d)", oneDecimal(v), l.Used, l.Total)
	case there:
		return oneDecimal(v)
	case l.Published || slices.Contains(t.item.Also, col):
		return undefined
	}
	return "not run"
}

// Figure draws the table; nil: the item is no figure.
func (t *PaperTable) Figure() *Figure {
	if !t.item.Chart {
		return nil
	}
	f := &Figure{Title: t.Title, Notes: t.footnotes()}
	for _, c := range t.Cols {
		f.Categories = append(f.Categories, t.titles[c])
	}
	for _, l := range t.Lines {
		s := Series{Name: l.System, Published: l.Published}
		for _, c := range t.Cols {
			var value *float64
			incomparable := c == averageColumn && !l.Published && l.Used < l.Total // a mean over fewer rows (docs/spec/metrics.md §10.2)
			if v, there := l.Values[c]; there && !incomparable {
				value = &v
			}
			s.Values = append(s.Values, value)
		}
		f.Series = append(f.Series, s)
	}
	return f
}
