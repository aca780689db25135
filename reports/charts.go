package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"nerbench/ner"
)

// Charts are described with go-echarts, but not rendered with it: its templates
// load the library from a CDN and write options without escaping, so that a
// model called "</script>" would end the script. Here the options are data:
// html/template writes them as JSON in which < is \u003c, and report.js, which
// holds all colours and formats, gives them to the embedded library.

// chart is one chart of the page. Its numbers are percentages as printed, so
// that a chart and the table beside it never differ.
type chart struct {
	ID     string `json:"id"`
	Label  string `json:"-"` // what it shows, for those who do not see it
	Note   string `json:"-"` // what stands below it
	Height int    `json:"-"` // pixels
	// Options holds what to draw, by metric id; "" for a chart of all metrics.
	Options map[string]map[string]any `json:"options"`
}

// Chart returns the chart with an id; nil if there is nothing to draw.
func (p *page) Chart(id string) *chart {
	for i := range p.Charts {
		if p.Charts[i].ID == id {
			return &p.Charts[i]
		}
	}
	return nil
}

// radarSystems is how many systems a radar can hold and still be read.
const radarSystems = 6

func newCharts(built *builtTables, outcomes outcomeTable) []chart {
	if len(built.systems) == 0 {
		return []chart{}
	}
	list := []chart{boardChart(built), domainBars(built), datasetDots(built)}
	if c, ok := domainRadar(built); ok {
		list = append(list, c)
	}
	if c, ok := failureBars(outcomes); ok {
		list = append(list, c)
	}
	return list
}

func boardChart(built *builtTables) chart {
	bar := horizontalBars(systemNames(built.systems))
	for i, m := range headline {
		var data []opts.BarData
		for _, s := range built.systems {
			data = append(data, opts.BarData{Value: plotted(built.datasets.Cell(m.ID, MeanRows, s.Name).Value)})
		}
		bar.AddSeries(m.Name, data, colored(fmt.Sprintf("var(--m%d)", i+1)), valueLabels())
	}
	return chart{
		ID: "leaderboard", Label: "Bars: mean F1 over datasets of each system, by both metrics. The table beside it has the numbers.",
		Height: 70 + 56*len(built.systems), Options: map[string]map[string]any{"": options(bar)},
	}
}

func domainBars(built *builtTables) chart {
	domains := built.ran(built.domains)
	c := chart{
		ID: "domain-bars", Label: "Bars: F1 by domain, one bar a system. The table below has the numbers.",
		Height: barsHeight(built), Options: map[string]map[string]any{},
	}
	for _, m := range headline {
		bar := horizontalBars(domains)
		for _, s := range built.systems {
			var data []opts.BarData
			for _, d := range domains {
				data = append(data, opts.BarData{Value: plotted(built.domains.Cell(m.ID, d, s.Name).Value)})
			}
			bar.AddSeries(s.Name, data, colored(s.color()), valueLabels())
		}
		c.Options[m.ID] = options(bar)
	}
	return c
}

func barsHeight(built *builtTables) int {
	return 80 + len(built.ran(built.domains))*(18+15*len(built.systems))
}

// domainRadar draws the domains that every system shown has a value for: a
// missing value has no place on a radar. It needs three domains.
func domainRadar(built *builtTables) (chart, bool) {
	systems := built.systems[:min(len(built.systems), radarSystems)]
	c := chart{ID: "domain-radar", Options: map[string]map[string]any{},
		Label: "Radar: F1 by domain, one outline a system. The table below has the numbers."}
	c.Height = min(max(400, barsHeight(built)), 520)
	limit := radarLimit(built, systems)
	for _, m := range headline {
		domains := built.domainsOfAll(m.ID, systems)
		if len(domains) < 3 {
			return chart{}, false
		}
		c.Options[m.ID] = options(radar(built, m.ID, systems, domains, limit))
	}
	c.Note = fmt.Sprintf("Each axis runs from 0 in the centre to %d %%.", limit)
	if len(systems) < len(built.systems) {
		c.Note += fmt.Sprintf(" The first %d systems of the leaderboard.", len(systems))
	}
	return c, true
}

// domainsOfAll lists the domains for which every system has a value.
func (built *builtTables) domainsOfAll(metric string, systems []system) []string {
	return slices.DeleteFunc(built.ran(built.domains), func(d string) bool {
		return len(built.domainValues(metric, d, systems)) < len(systems)
	})
}

// radarLimit is the end of the axes in percent, the same for both metrics.
func radarLimit(built *builtTables, systems []system) int {
	highest := 0.0
	for _, m := range headline {
		for _, d := range built.domainsOfAll(m.ID, systems) {
			highest = max(highest, slices.Max(built.domainValues(m.ID, d, systems)))
		}
	}
	return max(20, 20*int(math.Ceil(5*highest)))
}

func (built *builtTables) domainValues(metric, domain string, systems []system) []float64 {
	var values []float64
	for _, s := range systems {
		if v := built.domains.Cell(metric, domain, s.Name).Value; v != nil {
			values = append(values, *v)
		}
	}
	return values
}

func radar(built *builtTables, metric string, systems []system, domains []string, limit int) *charts.Radar {
	var indicators []*opts.Indicator
	for _, d := range domains {
		indicators = append(indicators, &opts.Indicator{Name: named(d), Max: float32(limit)})
	}
	r := charts.NewRadar()
	r.SetGlobalOptions(charts.WithRadarComponentOpts(opts.RadarComponent{Indicator: indicators, SplitNumber: limit / 20}))
	for _, s := range systems {
		var values []any
		for _, d := range domains {
			values = append(values, plotted(built.domains.Cell(metric, d, s.Name).Value))
		}
		r.AddSeries(s.Name, []opts.RadarData{{Name: s.Name, Value: values}}, colored(s.color()))
	}
	return r
}

// rowDots draws one line a row with a dot for each system.
func datasetDots(built *builtTables) chart {
	datasets := built.ran(built.datasets)
	c := chart{
		ID: "row-dots", Label: "Dots: F1 by dataset, one dot a system. The table below has the numbers.",
		Height: 80 + 26*len(datasets), Options: map[string]map[string]any{},
	}
	for _, m := range headline {
		dots := charts.NewScatter()
		horizontal(&dots.RectChart, datasets)
		for i, s := range built.systems {
			data := []opts.ScatterData{}
			for n, dataset := range datasets {
				if v := built.datasets.Cell(m.ID, dataset, s.Name).Value; v != nil {
					data = append(data, opts.ScatterData{Value: []any{plotted(v), n}})
				}
			}
			dots.AddSeries(s.Name, data, colored(s.color()),
				charts.WithScatterChartOpts(opts.ScatterChart{Symbol: symbols[i%len(symbols)], SymbolSize: 11}))
		}
		c.Options[m.ID] = options(dots)
	}
	return c
}

// symbols tell systems apart without colour.
var symbols = []string{"circle", "diamond", "rect", "triangle", "roundRect", "pin", "arrow"}

// failureBars draws the share of answers that needed repair or could not be
// read. Answers read as asked are the rest of 100 %, and would hide the others.
func failureBars(t outcomeTable) (chart, bool) {
	var systems []system
	for _, line := range t.Lines {
		systems = append(systems, line.system)
	}
	bar := horizontalBars(systemNames(systems))
	series := 0
	for i, class := range t.Classes {
		if !class.Failure && class.Outcome != ner.Repaired {
			continue
		}
		var data []opts.BarData
		for _, line := range t.Lines {
			v := float64(line.Counts[i]) / float64(line.Queries)
			data = append(data, opts.BarData{Value: plotted(&v)})
		}
		bar.AddSeries(class.Name, data, colored("var(--o-"+string(class.Outcome)+")"), charts.WithBarChartOpts(opts.BarChart{Stack: "answers"}))
		series++
	}
	return chart{
		ID: "failures", Label: "Stacked bars: share of each system's answers that were repaired or unreadable, by class. The table below has the numbers.",
		Height: 90 + 44*len(systems), Options: map[string]map[string]any{"": options(bar)},
	}, series > 0
}

func horizontalBars(categories []string) *charts.Bar {
	bar := charts.NewBar()
	horizontal(&bar.RectChart, categories)
	return bar
}

// horizontal puts categories on the vertical axis, the first on top: names are
// read without turning the head, and any number of them fits a phone.
func horizontal(rect *charts.RectChart, categories []string) {
	rect.SetGlobalOptions(
		charts.WithXAxisOpts(opts.XAxis{Type: "value", Min: 0}),
		charts.WithYAxisOpts(opts.YAxis{Type: "category", Inverse: opts.Bool(true), Data: categories}),
	)
}

func valueLabels() charts.SeriesOpts {
	return charts.WithLabelOpts(opts.Label{Show: opts.Bool(true), Position: "right"})
}

func colored(color string) charts.SeriesOpts {
	return func(s *charts.SingleSeries) { s.ItemStyle = &opts.ItemStyle{Color: color} }
}

// color is the name of a colour of report.css, which has one for light and one
// for dark pages.
func (s system) color() string { return "var(--s" + strconv.Itoa(s.Color) + ")" }

// options is what the library is given. Validate is not called: all it does is
// to complete what the templates of go-echarts need.
func options(c interface{ JSON() map[string]any }) map[string]any {
	all := c.JSON()
	kept := map[string]any{}
	for _, name := range []string{"series", "xAxis", "yAxis", "radar"} {
		if v, ok := all[name]; ok {
			kept[name] = v
		}
	}
	return kept
}

// plotted is a ratio as the percentage that is printed; nil leaves a gap.
func plotted(v *float64) any {
	if v == nil {
		return nil
	}
	f, err := strconv.ParseFloat(Percent(v), 64)
	if err != nil { // not a number
		return nil
	}
	return f
}

func systemNames(systems []system) []string {
	names := make([]string, len(systems))
	for i, s := range systems {
		names[i] = s.Name
	}
	return names
}

// ran lists the lines of a table, without averages, in which something ran.
func (built *builtTables) ran(t *Table) []string {
	averages := t.averageNames()
	return slices.DeleteFunc(slices.Clone(t.Rows), func(dataset string) bool {
		return slices.Contains(averages, dataset) || !t.rowRan(SpanF1, dataset)
	})
}
