package reports

import (
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Figure is a chart of a few series over some categories, as papers have them: bars
// side by side, or lines if the categories have an order. Values are F1 in percent.
// The SVG has colours for light and for dark themes.
type Figure struct {
	Title string
	// Unit is the label of the axis of values; empty: "F1 (%)".
	Unit       string
	Categories []string
	Series     []Series
	// Lines joins the values of a series by a line.
	Lines bool
	// Log makes the axis of values logarithmic, from 1. Values below 1 are not drawn.
	Log   bool
	Notes []string
}

// Series holds the values of one system or setting.
type Series struct {
	Name string
	// Values has one value for each category; nil is a missing value.
	Values []*float64
	// Marks has the mark of the note of each value; nil, or a shorter list, for no mark.
	Marks []string
	// CI has the 95 % interval of each value; nil, or a shorter list, for no interval.
	CI []*[2]float64
	// Published is set for values from publications. They are hatched, or dashed,
	// which distinguishes them from measured values.
	Published bool
}

// Put sets the value of a series in a category, and its interval; both are ratios
// between 0 and 1, or nil. A new series or category is added at the end.
func (f *Figure) Put(series, category string, value *float64, ci *[2]float64) {
	s := slices.IndexFunc(f.Series, func(s Series) bool { return s.Name == series })
	if s < 0 {
		s = len(f.Series)
		f.Series = append(f.Series, Series{Name: series})
	}
	c := slices.Index(f.Categories, category)
	if c < 0 {
		c = len(f.Categories)
		f.Categories = append(f.Categories, category)
	}
	for i := range f.Series { // each series has a value for each category, or nil
		of := &f.Series[i]
		for len(of.Values) < len(f.Categories) {
			of.Values = append(of.Values, nil)
		}
		for len(of.CI) < len(f.Categories) {
			of.CI = append(of.CI, nil)
		}
	}
	of := &f.Series[s]
	if value != nil {
		percent := InPercent(*value)
		of.Values[c] = &percent
	}
	if ci != nil {
		of.CI[c] = &[2]float64{InPercent(ci[0]), InPercent(ci[1])}
	}
}

// SetMark sets the mark of a value that [Figure.Put] has set.
func (f *Figure) SetMark(series, category, mark string) {
	s := &f.Series[slices.IndexFunc(f.Series, func(s Series) bool { return s.Name == series })]
	for len(s.Marks) < len(s.Values) {
		s.Marks = append(s.Marks, "")
	}
	s.Marks[slices.Index(f.Categories, category)] = mark
}

// Measures of a figure, in units of the SVG.
const (
	figureWidth  = 860.0
	figureLeft   = 52.0
	figureRight  = 16.0
	figurePlot   = 300.0
	legendLine   = 20.0
	figureColors = 8
)

// WriteSVG draws the figure as one SVG document.
func (f Figure) WriteSVG(w io.Writer) error {
	d := &drawing{Figure: f}
	d.scale()
	d.draw()
	_, err := io.WriteString(w, d.out.String())
	return err
}

// drawing is the state of drawing a figure.
type drawing struct {
	Figure
	out       strings.Builder
	low, high float64 // of the axis
	step      float64
	top       float64 // of the plot
	slanted   bool    // the names of categories are too long to be horizontal
}

// scale computes the ends of the axis: round numbers, below and above all values and
// 0.
func (d *drawing) scale() {
	if d.Log {
		d.takeLogarithms()
	}
	low, high := 0.0, 0.0
	for _, s := range d.Series {
		for i, v := range s.Values {
			if v == nil {
				continue
			}
			low, high = math.Min(low, *v), math.Max(high, *v)
			if i < len(s.CI) && s.CI[i] != nil {
				low, high = math.Min(low, s.CI[i][0]), math.Max(high, s.CI[i][1])
			}
		}
	}
	if high == low {
		high = low + 1
	}
	d.step = niceStep((high - low) / 5)
	if d.Log {
		d.step = math.Max(1, d.step) // powers of ten
	}
	d.low, d.high = math.Floor(low/d.step)*d.step, math.Ceil(high/d.step)*d.step
	for c := range d.Categories {
		d.slanted = d.slanted || float64(len([]rune(d.name(c))))*6.6 > d.room()-6
	}
}

// takeLogarithms replaces the values by their decimal logarithms.
func (d *drawing) takeLogarithms() {
	series := slices.Clone(d.Series)
	for i := range series {
		values := make([]*float64, len(series[i].Values))
		for c, v := range series[i].Values {
			if v != nil && *v >= 1 {
				l := math.Log10(*v)
				values[c] = &l
			}
		}
		series[i].Values, series[i].CI = values, nil
	}
	d.Series = series
}

// niceStep is the least of 1, 2, 5, 10, 20, … that is not below a number.
func niceStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if least <= m*power {
			return m * power
		}
	}
	return 10 * power
}

func (d *drawing) y(v float64) float64 {
	return d.top + figurePlot*(d.high-v)/(d.high-d.low)
}

func (d *drawing) room() float64 {
	return (figureWidth - figureLeft - figureRight) / float64(max(1, len(d.Categories)))
}

func (d *drawing) x(category int) float64 { return figureLeft + d.room()*(float64(category)+0.5) }

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(&d.out, format, args...) }

func (d *drawing) draw() {
	legend := d.legend()
	d.top = 44 + legendLine*float64(len(legend))
	if len(d.Categories) > mostColumns {
		d.dots(legend)
		return
	}
	below := 34.0
	if d.slanted {
		longest := 0
		for c := range d.Categories {
			longest = max(longest, len([]rune(d.name(c))))
		}
		below = 24 + math.Min(150, 4.4*float64(longest))
	}
	height := d.top + figurePlot + below + 18*float64(len(d.wrappedNotes())) + 8
	d.begin(height)
	d.drawLegend(legend)
	d.axis()
	if d.Lines {
		d.lines()
	} else {
		d.bars()
	}
	d.names()
	d.end(d.top + figurePlot + below + 14)
}

// begin opens the document and writes its size, colours, hatching and title.
func (d *drawing) begin(height float64) {
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`+"\n", figureWidth, height, esc(d.Title))
	d.printf("<style>%s</style>\n", figureStyle)
	d.printf(`<defs>`)
	for i := range figureColors {
		d.printf(`<pattern id="h%d" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="paper"/><line x1="0" y1="0" x2="0" y2="6" class="l%d" stroke-width="4"/></pattern>`, i, i)
	}
	d.printf("</defs>\n<rect width=\"100%%\" height=\"100%%\" class=\"paper\"/>\n")
	d.printf(`<text x="%.0f" y="22" class="title">%s</text>`+"\n", figureLeft, esc(d.Title))
}

// end writes the notes, the first at y, and closes the document.
func (d *drawing) end(y float64) {
	for i, n := range d.wrappedNotes() {
		d.printf(`<text x="%.0f" y="%.0f" class="note">%s</text>`+"\n", figureLeft, y+18*float64(i), esc(n))
	}
	d.printf("</svg>\n")
}

// figureStyle has the colours of the HTML report, for both themes.
const figureStyle = `text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;fill:#1c2330}.title{font-size:16px;font-weight:600}.note{font-size:12px;fill:#5b6675}.tick{fill:#5b6675;font-size:12px}.paper{fill:#ffffff}.grid{stroke:#dfe3e9}.zero{stroke:#5b6675}.ci{stroke:#1c2330;stroke-width:1.4}` +
	`.f0{fill:#1f66b5}.f1{fill:#d1580b}.f2{fill:#12805c}.f3{fill:#a33c8c}.f4{fill:#b8860b}.f5{fill:#3aa0c9}.f6{fill:#6b7280}.f7{fill:#8c4a34}.l0{stroke:#1f66b5}.l1{stroke:#d1580b}.l2{stroke:#12805c}.l3{stroke:#a33c8c}.l4{stroke:#b8860b}.l5{stroke:#3aa0c9}.l6{stroke:#6b7280}.l7{stroke:#8c4a34}` +
	`@media (prefers-color-scheme:dark){text{fill:#e6e9ee}.note,.tick{fill:#9aa5b4}.paper{fill:#14181f}.grid{stroke:#323a46}.zero{stroke:#9aa5b4}.ci{stroke:#e6e9ee}.f0{fill:#6ea8f0}.f1{fill:#f39255}.f2{fill:#52c39a}.f3{fill:#dd86c9}.f4{fill:#e3bb4d}.f5{fill:#7fd0ee}.f6{fill:#a3abb8}.f7{fill:#d39a85}.l0{stroke:#6ea8f0}.l1{stroke:#f39255}.l2{stroke:#52c39a}.l3{stroke:#dd86c9}.l4{stroke:#e3bb4d}.l5{stroke:#7fd0ee}.l6{stroke:#a3abb8}.l7{stroke:#d39a85}}`

// legend distributes the series over the lines of the legend.
func (d *drawing) legend() [][]int {
	if len(d.Series) < 2 && (len(d.Series) == 0 || d.Series[0].Name == "") {
		return nil
	}
	var lines [][]int
	at := figureWidth
	for i, s := range d.Series {
		if width := legendWidth(s); at+width > figureWidth-figureRight {
			lines, at = append(lines, nil), figureLeft
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], i)
		at += legendWidth(s)
	}
	return lines
}

func legendName(s Series) string {
	if s.Published {
		return s.Name + " (published)"
	}
	return s.Name
}

func legendWidth(s Series) float64 { return 34 + 7*float64(len([]rune(legendName(s)))) }

func (d *drawing) drawLegend(lines [][]int) {
	for n, line := range lines {
		x, y := figureLeft, 44+legendLine*float64(n)
		for _, i := range line {
			d.printf(`<rect x="%.1f" y="%.1f" width="12" height="12" %s/><text x="%.1f" y="%.1f">%s</text>`+"\n",
				x, y-10, fill(i, d.Series[i]), x+17, y, esc(legendName(d.Series[i])))
			x += legendWidth(d.Series[i])
		}
	}
}

func (d *drawing) axis() {
	unit := d.Unit
	if unit == "" {
		unit = "F1 (%)"
	}
	for v := d.low; v <= d.high+d.step/2; v += d.step {
		class := "grid"
		if math.Abs(v) < d.step/2 {
			class = "zero"
		}
		d.printf(`<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" class="%s"/><text x="%.0f" y="%.1f" class="tick" text-anchor="end">%s</text>`+"\n",
			figureLeft, figureWidth-figureRight, d.y(v), d.y(v), class, figureLeft-8, d.y(v)+4, d.tick(v))
	}
	d.printf(`<text x="14" y="%.1f" class="tick" transform="rotate(-90 14 %.1f)" text-anchor="middle">%s</text>`+"\n",
		d.top+figurePlot/2, d.top+figurePlot/2, esc(unit))
}

// tick is the number at a place of the axis.
func (d *drawing) tick(v float64) string {
	if d.Log {
		return strconv.FormatFloat(math.Pow(10, v), 'f', 0, 64)
	}
	return trimZeros(v)
}

func trimZeros(v float64) string {
	if math.Abs(v) < 1e-9 {
		return "0"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

// longestName is the largest number of letters of a name that is slanted.
const longestName = 34

// name is the name of a category below the plot, with the marks of its values if there
// is no room for them above the bars.
func (d *drawing) name(c int) string {
	name, marks := d.Categories[c], ""
	if !d.Lines && d.barWidth() < numberedBar {
		marks = d.marksOf(c)
	}
	if r, room := []rune(name), longestName-len(marks); d.slanted && len(r) > room {
		name = string(r[:max(0, room-1)]) + "…"
	}
	return name + marks
}

func (d *drawing) names() {
	for c := range d.Categories {
		y, name := d.top+figurePlot, d.name(c)
		if d.slanted {
			d.printf(`<text transform="translate(%.1f %.1f) rotate(-40)" text-anchor="end">%s</text>`+"\n", d.x(c)+4, y+16, esc(name))
		} else {
			d.printf(`<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", d.x(c), y+20, esc(name))
		}
	}
}

// wrappedNotes wraps the notes at the width of the figure.
func (d *drawing) wrappedNotes() []string {
	const width = 125
	var lines []string
	for _, n := range d.Notes {
		line := ""
		for word := range strings.FieldsSeq(n) {
			if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
				lines, line = append(lines, line), ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return lines
}

func esc(s string) string { return template.HTMLEscapeString(s) }
