package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"nerbench/ner"
	"nerbench/reports"
)

// The options of charts are built with go-echarts, but not rendered with it. Its
// templates load the library from a CDN and write options without escaping: a model
// called "</script>" would end the script. Here html/template writes the options as
// JSON, in which < is \u003c. report.js adds colours and formats and passes them to
// the embedded library.

// chart is one chart of the page. Its numbers are percentages as printed: a chart
// and the table beside it show the same.
type chart struct {
	ID     string `json:"id"`
	Label  string `json:"-"` // read out in place of the chart
	Note   string `json:"-"` // below the chart
	Height int    `json:"-"` // pixels
	// Options are the options of the library, by metric id; "" for a chart of all
	// metrics.
	Options map[string]map[string]any `json:"options"`
}

// radarSystems is the largest number of systems on one radar. A radar with more
// outlines is hard to read.
const radarSystems = 6

func newCharts(d *data, outcomes outcomeTable) []chart {
	if len(d.systems) == 0 {
		return []chart{}
	}
	list := []chart{boardChart(d), domainBars(d), datasetDots(d)}
	if c, ok := domainRadar(d); ok {
		list = append(list, c)
	}
	if c, ok := failureBars(outcomes); ok {
		list = append(list, c)
	}
	return list
}

func boardChart(d *data) chart {
	bar := horizontalBars(systemNames(d.systems))
	for i, m := range headline {
		var data []opts.BarData
		for _, s := range d.systems {
			data = append(data, opts.BarData{Value: plotted(d.datasets.Cell(m.ID, reports.MeanRows, s.Name).Value)})
		}
		bar.AddSeries(m.Name, data, colored(fmt.Sprintf("var(--m%d)", i+1)), valueLabels())
	}
	return chart{
		ID: "leaderboard", Label: "Bars: mean F1 over datasets of each system, by both metrics. The table beside it has the numbers.",
		Height: 70 + 56*len(d.systems), Options: map[string]map[string]any{"": options(bar)},
	}
}

func domainBars(d *data) chart {
	domains := ran(d.domains)
	c := chart{
		ID: "domain-bars", Label: "Bars: F1 by domain, one bar for each system. The table below has the numbers.",
		Height: barsHeight(d), Options: map[string]map[string]any{},
	}
	for _, m := range headline {
		bar := horizontalBars(domains)
		for _, s := range d.systems {
			var data []opts.BarData
			for _, domain := range domains {
				data = append(data, opts.BarData{Value: plotted(d.domains.Cell(m.ID, domain, s.Name).Value)})
			}
			bar.AddSeries(s.Name, data, colored(s.color()), valueLabels())
		}
		c.Options[m.ID] = options(bar)
	}
	return c
}

func barsHeight(d *data) int {
	return 80 + len(ran(d.domains))*(18+15*len(d.systems))
}

// domainRadar draws the domains for which every system shown has a value, since a
// radar cannot show a missing one. It needs three domains.
func domainRadar(d *data) (chart, bool) {
	systems := d.systems[:min(len(d.systems), radarSystems)]
	c := chart{ID: "domain-radar", Options: map[string]map[string]any{},
		Label: "Radar: F1 by domain, one outline for each system. The table below has the numbers."}
	c.Height = min(max(400, barsHeight(d)), 520)
	limit := radarLimit(d, systems)
	for _, m := range headline {
		domains := d.domainsOfAll(m.ID, systems)
		if len(domains) < 3 {
			return chart{}, false
		}
		c.Options[m.ID] = options(radar(d, m.ID, systems, domains, limit))
	}
	c.Note = fmt.Sprintf("Each axis runs from 0 in the centre to %d %%.", limit)
	if len(systems) < len(d.systems) {
		c.Note += fmt.Sprintf(" The first %d systems of the leaderboard.", len(systems))
	}
	return c, true
}

// domainsOfAll lists the domains for which every system has a value.
func (d *data) domainsOfAll(metric string, systems []system) []string {
	return slices.DeleteFunc(ran(d.domains), func(domain string) bool {
		return len(d.domainValues(metric, domain, systems)) < len(systems)
	})
}

// radarLimit is the end of the axes in percent, the same for both metrics.
func radarLimit(d *data, systems []system) int {
	highest := 0.0
	for _, m := range headline {
		for _, domain := range d.domainsOfAll(m.ID, systems) {
			highest = max(highest, slices.Max(d.domainValues(m.ID, domain, systems)))
		}
	}
	return max(20, 20*int(math.Ceil(5*highest)))
}

func (d *data) domainValues(metric, domain string, systems []system) []float64 {
	var values []float64
	for _, s := range systems {
		if v := d.domains.Cell(metric, domain, s.Name).Value; v != nil {
			values = append(values, *v)
		}
	}
	return values
}

func radar(d *data, metric string, systems []system, domains []string, limit int) *charts.Radar {
	var indicators []*opts.Indicator
	for _, domain := range domains {
		indicators = append(indicators, &opts.Indicator{Name: reports.Label(domain), Max: float32(limit)})
	}
	r := charts.NewRadar()
	r.SetGlobalOptions(charts.WithRadarComponentOpts(opts.RadarComponent{Indicator: indicators, SplitNumber: limit / 20}))
	for _, s := range systems {
		var values []any
		for _, domain := range domains {
			values = append(values, plotted(d.domains.Cell(metric, domain, s.Name).Value))
		}
		r.AddSeries(s.Name, []opts.RadarData{{Name: s.Name, Value: values}}, colored(s.color()))
	}
	return r
}

// datasetDots draws one line for each dataset, with a dot for each system.
func datasetDots(d *data) chart {
	datasets := ran(d.datasets)
	c := chart{
		ID: "dataset-dots", Label: "Dots: F1 by dataset, one dot for each system. The table below has the numbers.",
		Height: 80 + 26*len(datasets), Options: map[string]map[string]any{},
	}
	if slices.ContainsFunc(d.datasets.Cells, func(cell reports.Cell) bool { return cell.Incomplete }) {
		c.Note = "Incomplete runs are not drawn."
	}
	for _, m := range headline {
		dots := charts.NewScatter()
		horizontal(&dots.RectChart, datasets)
		for i, s := range d.systems {
			data := []opts.ScatterData{}
			for n, dataset := range datasets {
				if cell := d.datasets.Cell(m.ID, dataset, s.Name); cell.Value != nil && !cell.Incomplete {
					data = append(data, opts.ScatterData{Value: []any{plotted(cell.Value), n}})
				}
			}
			dots.AddSeries(s.Name, data, colored(s.color()),
				charts.WithScatterChartOpts(opts.ScatterChart{Symbol: symbols[i%len(symbols)], SymbolSize: 11}))
		}
		c.Options[m.ID] = options(dots)
	}
	return c
}

// symbols distinguish systems without colour.
var symbols = []string{"circle", "diamond", "rect", "triangle", "roundRect", "pin", "arrow"}

// failureBars draws the share of answers that were repaired or are unreadable. The
// other answers are left out: they are most of the 100 % and would hide the rest.
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

// horizontal puts categories on the vertical axis, the first on top. Names are
// horizontal there, and any number of them fits on a phone.
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

// color is the name of a colour of report.css, which defines it for light and for
// dark pages.
func (s system) color() string { return "var(--s" + strconv.Itoa(s.Color) + ")" }

// options returns the options that the library needs. Validate is not called: it
// completes only values that the templates of go-echarts need.
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
	f, err := strconv.ParseFloat(reports.Percent(v), 64)
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
