package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// page is what the template prints: strings and counts, nothing to compute.
type page struct {
	assets
	Notice   string
	Title    string
	Summary  []string
	Facts    []fact
	Metrics  []metricInfo
	Averages []string
	Systems  []system
	Board    []boardLine
	Domains  []comparison // one a metric
	Rows     []comparison
	NotRun   []notRun
	Details  []datasetDetail
	Outcomes outcomeTable
	Counters counterTable
	Samples  []sampleView
	Runs     runTable
	Warnings []string
	Interval bool // some number has an interval
	Made     string
	Version  string
	Charts   []chart
}

type fact struct{ Value, Label string }

// metricInfo names a headline metric in plain words.
type metricInfo struct{ ID, Name, Meaning string }

var headline = []metricInfo{
	{SpanF1, "Strict spans", "An entity counts if its start, its end and its type are all right."},
	{UninerF1, "Paper's strings", "The UniversalNER paper's own scorer: sets of entity strings per passage and type; where they stand does not matter."},
}

// system is one column of the report with its colour.
type system struct {
	Name  string
	Color int // 1 to 8, then again from 1
}

// boardLine is one line of the leaderboard.
type boardLine struct {
	system
	Means            []figure // mean_rows and mean_domains of each headline metric
	Note             string   // why there is no mean
	Unreadable       string
	Used, Total, Ran int
	Passages         int
	Queries          int
}

// figure is one number as a table shows it.
type figure struct {
	Main    string
	Sub     []string // what stands below it, smaller
	Heat    int      // 0 to 10: how strong its background is
	Missing bool     // not run
}

// builtTables are the tables that the sections share, computed once.
type builtTables struct {
	datasets, domains *Table
	systems           []system
	runs              []*run
	ratios            Ratios
	doubled           func(metric string) bool
	notes             []string
}

func newPage(r Report) (*page, error) {
	built, err := buildTables(r)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	p := &page{
		assets: newAssets(), Notice: strings.TrimSpace(echartsNotice),
		Title: cmp.Or(r.Title, "Named entity recognition"), Version: r.Version,
		Metrics: headline, Averages: built.datasets.averageNames(), Systems: built.systems, Warnings: built.notes,
		Board: board(built), NotRun: listNotRun(built.datasets),
		Outcomes: countOutcomes(built), Counters: sumCounters(built), Runs: listRuns(built.runs),
		Interval: slices.ContainsFunc(built.datasets.Cells, func(c Cell) bool { return c.CI != nil }),
	}
	if !r.Made.IsZero() {
		p.Made = r.Made.Format("2 January 2006, 15:04 MST")
	}
	for _, m := range headline {
		if len(r.Datasets) > 0 { // without the benchmark, no domain is known
			p.Domains = append(p.Domains, compare(built, built.domains, m))
		}
		p.Rows = append(p.Rows, compare(built, built.datasets, m))
	}
	p.Details = detailDatasets(built)
	for _, s := range r.Samples {
		p.Samples = append(p.Samples, newSampleView(s))
	}
	p.Facts, p.Summary = facts(built), summary(built)
	p.Charts = newCharts(built, p.Outcomes)
	return p, nil
}

// buildTables computes row by system and domain by system for both metrics.
func buildTables(r Report) (*builtTables, error) {
	spec := Spec{Cols: KeySystem, Metrics: []string{SpanF1, UninerF1}, Benchmark: r.Datasets, Ratios: r.Ratios, Doubled: r.Doubled}.withDefaults()
	datasets, err := Build(r.Results, spec)
	if err != nil {
		return nil, err
	}
	spec.Rows = KeyDomain
	domains, err := Build(r.Results, spec)
	if err != nil {
		return nil, err
	}
	built := &builtTables{datasets: datasets, domains: domains, runs: newBuilder(r.Results, spec).runs, ratios: spec.Ratios, doubled: spec.Doubled}
	names := slices.Clone(datasets.Cols)
	slices.SortStableFunc(names, func(a, b string) int {
		return -cmp.Compare(orMinus(datasets.Cell(SpanF1, MeanRows, a).Value), orMinus(datasets.Cell(SpanF1, MeanRows, b).Value))
	})
	for i, name := range names {
		built.systems = append(built.systems, system{Name: name, Color: i%8 + 1})
	}
	// Those of the domains are about the same runs; which rows are in a domain's
	// mean stands beside it.
	built.notes = datasets.Warnings
	return built, nil
}

// orMinus sorts undefined values below all others.
func orMinus(v *float64) float64 {
	if v == nil {
		return -1
	}
	return *v
}

func board(built *builtTables) []boardLine {
	var lines []boardLine
	for _, s := range built.systems {
		line := boardLine{system: s}
		for _, m := range headline {
			for _, name := range built.datasets.averageNames() {
				line.Means = append(line.Means, figure{Main: Percent(built.datasets.Cell(m.ID, name, s.Name).Value)})
			}
		}
		c := built.datasets.Cell(SpanF1, MeanRows, s.Name)
		line.Used, line.Total = c.Used, c.Total
		if c.Value == nil {
			line.Note = c.Note
		}
		own := runsOf(built.runs, s.Name)
		n := total(own)
		line.Passages, line.Queries = n.passages, n.queries
		line.Unreadable = Share(n.failures, n.queries)
		line.Ran = len(datasetsOf(own))
		lines = append(lines, line)
	}
	return lines
}

// totals are sums over runs; passages that several runs share count once.
type totals struct{ passages, queries, failures int }

func total(runs []*run) totals {
	var t totals
	passages := map[string]int{}
	for _, r := range runs {
		passages[r.key(KeyDataset)] = max(passages[r.key(KeyDataset)], r.Complete)
		t.queries += r.asked()
		t.failures += r.failures()
	}
	t.passages = sum(passages)
	return t
}

// averageNames lists the averages at the end of the table's rows.
func (t *Table) averageNames() []string {
	return slices.DeleteFunc(slices.Clone(t.Rows), func(row string) bool { return !isAverage(row) })
}

func runsOf(runs []*run, system string) []*run {
	return slices.DeleteFunc(slices.Clone(runs), func(r *run) bool { return r.system != system })
}

func datasetsOf(runs []*run) set {
	datasets := set{}
	for _, r := range runs {
		datasets[r.key(KeyDataset)] = true
	}
	return datasets
}

// switchView is the choice between metrics; its name keeps two of them on one
// page apart.
type switchView struct {
	Name    string
	Metrics []metricInfo
}

// Switch returns the choice between metrics under a name of its own.
func (p *page) Switch(name string) switchView { return switchView{name, p.Metrics} }

// comparisonView is a group of tables with their columns.
type comparisonView struct {
	Kind    string
	Systems []system
	Tables  []comparison
}

// Comparison returns the tables of one kind of line.
func (p *page) Comparison(kind string, tables []comparison) comparisonView {
	return comparisonView{kind, p.Systems, tables}
}
