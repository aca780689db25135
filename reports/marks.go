package reports

import (
	"fmt"
	"slices"
	"strings"
)

// Marks assigns a mark to each note of a table: (a), (b), …, (z), (27), …
type Marks struct {
	// Numbered marks are (1), (2), …, for a table with other notes that have letters.
	Numbered bool

	notes []markedNote
}

// markedNote is a note, or the passages of runs with the same limit, which have one
// mark.
type markedNote struct {
	text  string
	first []firstPassages
}

// firstPassages are the first n passages of the split of a dataset; of is their number
// in the split, 0 if it is unknown.
type firstPassages struct {
	n, of   int
	dataset string
}

// Mark returns the mark of a note. Equal notes have the same mark.
func (m *Marks) Mark(note string) string {
	return m.mark(m.index(func(n markedNote) bool { return n.first == nil && n.text == note }, markedNote{text: note}))
}

// Of returns the mark of the note of a cell; empty if it has none. Datasets with the
// same limit have one mark, whose note names the size of each.
func (m *Marks) Of(c *Cell) string {
	switch {
	case c.Note == "":
		return ""
	case c.first == nil:
		return m.Mark(c.Note)
	}
	i := m.index(func(n markedNote) bool { return n.first != nil && n.first[0].n == c.first.n }, markedNote{first: []firstPassages{*c.first}})
	if n := &m.notes[i]; !slices.Contains(n.first, *c.first) {
		n.first = append(n.first, *c.first)
	}
	return m.mark(i)
}

// index returns the place of a note, which is added if it is new.
func (m *Marks) index(same func(markedNote) bool, note markedNote) int {
	if i := slices.IndexFunc(m.notes, same); i >= 0 {
		return i
	}
	m.notes = append(m.notes, note)
	return len(m.notes) - 1
}

func (m *Marks) mark(i int) string {
	if i < 26 && !m.Numbered {
		return fmt.Sprintf("(%c)", 'a'+i)
	}
	return fmt.Sprintf("(%d)", i+1)
}

// Notes returns the notes with their marks, in the order of the first use.
func (m *Marks) Notes() []string {
	var notes []string
	for i, note := range m.notes {
		notes = append(notes, m.mark(i)+" "+note.print())
	}
	return notes
}

// print returns the text of a note: "first 5 of 120 passages", and for several datasets
// "first 5 of 120 passages (stars), of 300 (plants)".
func (n markedNote) print() string {
	if n.first == nil {
		return n.text
	}
	sizes := map[int][]string{}
	var order []int
	for _, f := range n.first {
		if sizes[f.of] == nil {
			order = append(order, f.of)
		}
		sizes[f.of] = append(sizes[f.of], f.dataset)
	}
	var parts []string
	for i, of := range order {
		text := fmt.Sprintf("of %d", of)
		switch {
		case of == 0 && i == 0:
			text = fmt.Sprintf("first %d passages", n.first[0].n)
		case of == 0:
			text = "of an unknown number"
		case i == 0:
			text = fmt.Sprintf("first %d of %d passages", n.first[0].n, of)
		}
		if len(order) > 1 {
			text += " (" + strings.Join(sizes[of], ", ") + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
