package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// fill is the style of the bars of a series.
func fill(i int, s Series) string {
	if s.Published {
		return fmt.Sprintf(`fill="url(#h%d)" class="l%d" stroke-width="1"`, i%figureColors, i%figureColors)
	}
	return fmt.Sprintf(`class="f%d"`, i%figureColors)
}

// value prints a value with its mark.
func (s Series) value(c int) string {
	text := OneDecimal(*s.Values[c])
	if mark := s.mark(c); mark != "" {
		text += " " + mark
	}
	return text
}

// value prints a value of a series, also of a logarithmic axis.
func (d *drawing) value(s Series, c int) string {
	if d.Log {
		return d.tick(*s.Values[c])
	}
	return s.value(c)
}

// mark is the mark of the note of a value; empty if it has none.
func (s Series) mark(c int) string {
	if c < len(s.Marks) {
		return s.Marks[c]
	}
	return ""
}

// markAt writes the mark of a value where its number is not written.
func (d *drawing) markAt(s Series, c int, x, y float64, anchor string) {
	if mark := s.mark(c); mark != "" {
		d.printf(`<text x="%.1f" y="%.1f" text-anchor="%s" class="tick">%s</text>`+"\n", x, y, anchor, esc(mark))
	}
}

// numberedBar is the width of a bar from which on its number fits above it.
const numberedBar = 26

// barWidth is the width of one bar.
func (d *drawing) barWidth() float64 {
	return math.Min(64, d.room()*0.8/float64(max(1, len(d.Series))))
}

func (d *drawing) bars() {
	width := d.barWidth()
	for i, s := range d.Series {
		for c, v := range s.Values {
			if v == nil {
				continue
			}
			x := d.x(c) - width*float64(len(d.Series))/2 + width*float64(i)
			top, bottom := d.y(math.Max(*v, 0)), d.y(math.Min(*v, 0))
			d.printf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" %s><title>%s, %s: %s</title></rect>`+"\n",
				x+0.5, top, math.Max(1, width-1), math.Max(0.5, bottom-top), fill(i, s), esc(d.Categories[c]), esc(legendName(s)), esc(d.value(s, c)))
			d.interval(s, c, x+width/2)
			if width >= numberedBar {
				d.printf(`<text x="%.1f" y="%.1f" text-anchor="middle" class="tick">%s</text>`+"\n", x+width/2, d.above(s, c, *v)-5, esc(d.value(s, c)))
			}
		}
	}
}

// above is the y of the upper end of a bar, with its interval.
func (d *drawing) above(s Series, c int, v float64) float64 {
	y := d.y(math.Max(v, 0))
	if c < len(s.CI) && s.CI[c] != nil {
		y = math.Min(y, d.y(s.CI[c][1]))
	}
	return y
}

func (d *drawing) interval(s Series, c int, x float64) {
	if c >= len(s.CI) || s.CI[c] == nil {
		return
	}
	low, high := d.y(s.CI[c][0]), d.y(s.CI[c][1])
	d.printf(`<path d="M%.1f %.1fV%.1fM%.1f %.1fh6M%.1f %.1fh6" class="ci" fill="none"/>`+"\n", x, low, high, x-3, low, x-3, high)
}

func (d *drawing) lines() {
	for i, s := range d.Series {
		var path strings.Builder
		begun := false
		for c, v := range s.Values {
			if v == nil {
				begun = false
				continue
			}
			verb := "L"
			if !begun {
				verb = "M"
			}
			begun = true
			fmt.Fprintf(&path, "%s%.1f %.1f", verb, d.x(c), d.y(*v))
		}
		dash := ""
		if s.Published {
			dash = ` stroke-dasharray="5 4"`
		}
		d.printf(`<path d="%s" fill="none" stroke-width="2" class="l%d"%s/>`+"\n", path.String(), i%figureColors, dash)
		for c, v := range s.Values {
			if v != nil {
				d.interval(s, c, d.x(c))
				d.printf(`<circle cx="%.1f" cy="%.1f" r="4" %s><title>%s, %s: %s</title></circle>`+"\n",
					d.x(c), d.y(*v), fill(i, s), esc(d.Categories[c]), esc(legendName(s)), esc(d.value(s, c)))
				d.markAt(s, c, d.x(c)+7, d.y(*v)-5, "start")
			}
		}
	}
}

// mostColumns is the largest number of categories side by side. More categories are
// drawn below each other, with a dot for each value.
const mostColumns = 16

// marksOf returns the marks of all values in a category, each once: beside dots that are
// close to each other they would overlap.
func (d *drawing) marksOf(c int) string {
	var marks []string
	for _, s := range d.Series {
		if s.Values[c] == nil {
			continue
		}
		for mark := range strings.FieldsSeq(s.mark(c)) {
			if !slices.Contains(marks, mark) {
				marks = append(marks, mark)
			}
		}
	}
	if len(marks) == 0 {
		return ""
	}
	return " " + strings.Join(marks, " ")
}

// dots draws one line for each category, with its name and marks on the left. Values
// are dots, and diamonds if they have a mark.
func (d *drawing) dots(legend [][]int) {
	const left, line = 290.0, 19.0
	width := figureWidth - left - figureRight
	x := func(v float64) float64 { return left + width*(v-d.low)/(d.high-d.low) }
	bottom := d.top + line*float64(len(d.Categories)) + 6
	d.begin(bottom + 50 + 18*float64(len(d.wrappedNotes())))
	d.drawLegend(legend)
	for v := d.low; v <= d.high+d.step/2; v += d.step {
		d.printf(`<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" class="grid"/><text x="%.1f" y="%.1f" class="tick" text-anchor="middle">%s</text>`+"\n",
			x(v), x(v), d.top, bottom, x(v), bottom+16, trimZeros(v))
	}
	for c, name := range d.Categories {
		y := d.top + line*(float64(c)+0.5)
		marks := d.marksOf(c)
		if r, room := []rune(name), 38-len(marks); len(r) > room {
			name = string(r[:max(0, room-1)]) + "…"
		}
		name += marks
		d.printf(`<text x="%.1f" y="%.1f" text-anchor="end">%s</text><line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" class="grid"/>`+"\n",
			left-10, y+4, esc(name), left, figureWidth-figureRight, y, y)
		for i, s := range d.Series {
			if s.Values[c] == nil {
				continue
			}
			style := fmt.Sprintf(`class="f%d"`, i%figureColors)
			if s.Published { // hollow
				style = fmt.Sprintf(`class="paper l%d" stroke-width="2"`, i%figureColors)
			}
			shape := fmt.Sprintf(`circle cx="%.1f" cy="%.1f" r="5"`, x(*s.Values[c]), y)
			if s.mark(c) != "" { // a diamond
				shape = fmt.Sprintf(`path d="M%.1f %.1fl6 6 -6 6 -6 -6z"`, x(*s.Values[c]), y-6)
			}
			element, _, _ := strings.Cut(shape, " ")
			d.printf(`<%s %s><title>%s, %s: %s</title></%s>`+"\n", shape, style, esc(d.Categories[c]), esc(legendName(s)), esc(d.value(s, c)), element)
		}
	}
	d.end(bottom + 40)
}
