package reports

import (
	"fmt"
	"slices"
)

// Marks assigns a mark to each note of a table: (a), (b), …, (z), (27), …
type Marks struct{ notes []string }

// Mark returns the mark of a note. Equal notes have the same mark.
func (m *Marks) Mark(note string) string {
	i := slices.Index(m.notes, note)
	if i < 0 {
		i = len(m.notes)
		m.notes = append(m.notes, note)
	}
	return mark(i)
}

func mark(i int) string {
	if i < 26 {
		return fmt.Sprintf("(%c)", 'a'+i)
	}
	return fmt.Sprintf("(%d)", i+1)
}

// Notes returns the notes with their marks, in the order of the first use.
func (m *Marks) Notes() []string {
	var notes []string
	for i, note := range m.notes {
		notes = append(notes, mark(i)+" "+note)
	}
	return notes
}
