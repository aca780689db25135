package page

import (
	"cmp"
	"slices"
	"strings"

	"nerbench/reports"
	"nerbench/reports/echarts"
)

// content holds the values that the template prints: strings and counts, nothing
// left to compute.
type content struct {
	assets
	Notice   string
	Title    string
	Summary  []string
	Facts    []fact
	Metrics  []metricInfo
	Averages []string
	Systems  []system
	Board    []boardLine
	Domains  []comparison // one for each metric
	Datasets []comparison
	NotRun   []notRun
	Details  []datasetDetail
	Errors   errorTable
	Outcomes outcomeTable
	Counters counterTable
	Samples  []sampleView
	Runs     runTable
	Warnings []string
	Interval bool // some number has an interval
	Date     string
	Version  string
	Charts   []chart
}

// metricInfo names a headline metric in plain words.
type metricInfo struct{ ID, Name, Meaning string }

var headline = []metricInfo{
	{reports.SpanF1, "Strict spans", "An entity counts if its start, its end and its type are all right."},
	{reports.UninerF1, "Paper's strings", "The UniversalNER paper's own scorer: it compares sets of entity strings by passage and type, and ignores their positions."},
}

// figure is one number as a table shows it.
type figure struct {
	Main    string
	Sub     []string // smaller, below the number
	Heat    int      // 0 to 10: strength of the background
	Missing bool     // not run
}

func newContent(r Report) (*content, error) {
	d, err := newData(r)
	if err != nil {
		return nil, err
	}
	code, err := loadAssets()
	if err != nil {
		return nil, err
	}
	c := &content{
		assets: code, Notice: strings.TrimSpace(echarts.Notice),
		Title: cmp.Or(r.Title, "Named entity recognition"), Version: r.Version,
		Metrics: headline, Averages: averages(d.datasets), Systems: d.systems, Warnings: d.datasets.Warnings,
		Board: board(d), NotRun: listNotRun(d), Details: detailDatasets(d),
		Errors: countErrors(d, r.Errors), Outcomes: countOutcomes(d), Counters: sumCounters(d), Runs: listRuns(d.runs),
		Facts: facts(d), Summary: summary(d),
		Interval: slices.ContainsFunc(d.datasets.Cells, func(c reports.Cell) bool { return c.CI != nil }),
	}
	if !r.Date.IsZero() {
		c.Date = r.Date.Format("2 January 2006")
	}
	for _, m := range headline {
		if len(r.Datasets) > 0 { // else no domain is known
			c.Domains = append(c.Domains, compare(d, d.domains, m))
		}
		c.Datasets = append(c.Datasets, compare(d, d.datasets, m))
	}
	for _, s := range r.Samples {
		c.Samples = append(c.Samples, newSampleView(s))
	}
	c.Charts = newCharts(d, c.Outcomes)
	return c, nil
}

// switchView is the choice between metrics. Its name tells the switches of one page
// apart.
type switchView struct {
	Name    string
	Metrics []metricInfo
}

// Switch returns the choice between metrics under a name of its own.
func (c *content) Switch(name string) switchView { return switchView{name, c.Metrics} }

// comparisonView is a group of tables with their columns.
type comparisonView struct {
	Kind    string
	Systems []system
	Tables  []comparison
}

// Comparison returns the tables with one kind of line.
func (c *content) Comparison(kind string, tables []comparison) comparisonView {
	return comparisonView{kind, c.Systems, tables}
}

// Chart returns the chart with an id; nil if there is nothing to draw.
func (c *content) Chart(id string) *chart {
	i := slices.IndexFunc(c.Charts, func(chart chart) bool { return chart.ID == id })
	if i < 0 {
		return nil
	}
	return &c.Charts[i]
}
