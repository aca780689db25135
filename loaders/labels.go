package loaders

import (
	"bytes"
	"fmt"
	"strings"

	"nerbench/datasets"
	"nerbench/ner"
)

// labelMap turns native labels into types (formats.md §1): the row's rule, then
// its map.
type labelMap struct {
	row    *datasets.Row
	cuts   bool // at the first hyphen
	native map[string]*datasets.Label
}

func newLabelMap(row *datasets.Row) *labelMap {
	m := &labelMap{row: row, cuts: row.LabelRule == datasets.BeforeHyphen, native: make(map[string]*datasets.Label, len(row.Labels))}
	for i := range row.Labels {
		m.native[row.Labels[i].Native] = &row.Labels[i]
	}
	return m
}

// cut applies the rule that comes before spans are formed.
func (m *labelMap) cut(label []byte) []byte {
	if !m.cuts {
		return label
	}
	for i, c := range label {
		if c == '-' {
			return label[:i]
		}
	}
	return label
}

// find looks a label up, after the rules that come behind the cut.
func (m *labelMap) find(label []byte) (*datasets.Label, error) {
	switch m.row.LabelRule {
	case datasets.Single:
		return &m.row.Labels[0], nil
	case datasets.WithoutSuffix:
		for _, suffix := range m.row.LabelSuffixes {
			if cut, ok := bytes.CutSuffix(label, []byte(suffix)); ok {
				label = cut
				break
			}
		}
	}
	l, ok := m.native[string(label)]
	if !ok {
		return nil, fmt.Errorf("unknown label %q (known: %s)", label, m.known())
	}
	return l, nil
}

func (m *labelMap) known() string {
	names := make([]string, len(m.row.Labels))
	for i, l := range m.row.Labels {
		names[i] = l.Native
	}
	return strings.Join(names, ", ")
}

// hasType reports whether a type is one of the row's.
func (m *labelMap) hasType(t ner.EntityType) bool {
	for _, l := range m.row.Labels {
		if !l.Drop && l.Type == t {
			return true
		}
	}
	return false
}
