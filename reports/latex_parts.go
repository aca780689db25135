package reports

import (
	"slices"
)

// latexPart is a part of a grid: some of its columns, and lines from first to before
// end.
type latexPart struct {
	columns    []int
	first, end int
	width      float64 // in points
	height     int     // in lines of text, with the header
	size       latexSize
}

// parts distributes columns and lines over parts. Each part has the columns that name
// the line.
func (d *latexGrid) parts() []latexPart {
	size, panels := sizeSmall, d.panels()
	if len(panels) > 1 || d.em(panels[0])*size.em+d.space(panels[0]) > textWidth || len(d.lines) > partLines/2 {
		size = sizeNotes
	}
	var parts []latexPart
	for _, columns := range panels {
		head := 1
		for _, c := range columns {
			head = max(head, d.columns[c].height)
			if d.columns[c].group != "" {
				head = max(head, d.columns[c].height+1)
			}
		}
		for _, lines := range d.split(max(partLines-head, partLines/4)) { // a header may be longer than a page
			p := latexPart{columns: columns, first: lines[0], end: lines[1], width: d.em(columns)*size.em + d.space(columns), height: head, size: size}
			for _, height := range d.heights[p.first:p.end] {
				p.height += height
			}
			parts = append(parts, p)
		}
	}
	return parts
}

// em is the width of columns in em, without the space between them.
func (d *latexGrid) em(columns []int) float64 {
	em := 0.0
	for _, c := range columns {
		em += d.columns[c].width
	}
	return em
}

// space is the space between columns in points.
func (d *latexGrid) space(columns []int) float64 { return 2 * columnSep * float64(len(columns)) }

// panels distributes the columns so that no panel is too wide, evenly.
func (d *latexGrid) panels() [][]int {
	var labels, others []int
	room, total := widestPart, 0.0
	for c := range d.columns {
		if c < d.labels() {
			labels = append(labels, c)
			room -= d.columns[c].points()
		} else {
			others = append(others, c)
			total += d.columns[c].points()
		}
	}
	if len(others) == 0 {
		return [][]int{labels}
	}
	room = max(room, widestPart/3)
	n := 1
	if total > room {
		n = int(total/room) + 1
	}
	share := total / float64(n)
	var panels [][]int
	at := room + 1 // the first column opens a panel
	for i := 0; i < len(others); {
		end, wide := i+1, d.columns[others[i]].points()
		for ; end < len(others) && d.belongs(others[end]); end++ {
			wide += d.columns[others[end]].points()
		}
		if at > 0 && (at+wide > room || at >= share) {
			panels, at = append(panels, slices.Clone(labels)), 0
		}
		last := &panels[len(panels)-1]
		*last = append(*last, others[i:end]...)
		at += wide
		i = end
	}
	return panels
}

// belongs reports whether a column is about the column before it, which has another
// name: several columns have its name, such as fail.
func (d *latexGrid) belongs(column int) bool {
	if d.Header[column] == d.Header[column-1] {
		return false
	}
	n := 0
	for _, name := range d.Header {
		if name == d.Header[column] {
			n++
		}
	}
	return n > 1
}

// split distributes the lines so that no part has more than most lines of text, evenly.
func (d *latexGrid) split(most int) [][2]int {
	total := 0
	for _, h := range d.heights {
		total += h
	}
	n := (total + most - 1) / most
	share := (total + n - 1) / n
	var out [][2]int
	first, at := 0, 0
	for i, h := range d.heights {
		if i > first && (at+h > most || at >= share) {
			out, first, at = append(out, [2]int{first, i}), i, 0
		}
		at += h
	}
	return append(out, [2]int{first, len(d.heights)})
}

func (d *latexGrid) widest(parts []latexPart) float64 {
	w := 0.0
	for _, p := range parts {
		w = max(w, p.width)
	}
	return w
}

// noteHeight estimates the lines that notes need in a float.
func (d *latexGrid) noteHeight(notes []string) int {
	n := 1
	for _, note := range notes {
		n += 1 + int(width(note)*sizeNotes.em/textWidth)
	}
	return n
}
