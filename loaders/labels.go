package loaders

import (
	"bytes"
	"strings"

	"nerbench/datasets"
	"nerbench/ner"
)

// labelMap converts native labels to types (docs/spec/formats.md §1), by the
// dataset's rule and then its map.
type labelMap struct {
	dataset *datasets.Dataset
	cuts    bool // at the first hyphen
	joins   bool // some labels have a second spelling
	native  map[string]*label
}

// label is one native label, with the number of its spans.
type label struct {
	datasets.Label
	kept, dropped int
}

// count adds the counts of labels to a tally.
func (m *labelMap) count(t *Tally) {
	for native, l := range m.native {
		if l.kept > 0 {
			t.ByLabel[native] = l.kept
		}
		if l.dropped > 0 {
			t.Dropped[native] = l.dropped
		}
	}
}

func newLabelMap(dataset *datasets.Dataset, set *datasets.Set) *labelMap {
	m := &labelMap{dataset: dataset, cuts: dataset.LabelRule == datasets.BeforeHyphen, native: make(map[string]*label, len(dataset.Labels))}
	for i := range dataset.Labels {
		m.joins = m.joins || dataset.Labels[i].Joins != ""
		m.native[dataset.Labels[i].Native] = &label{Label: dataset.Labels[i]}
	}
	for _, l := range set.Labels {
		m.native[l.Native] = &label{Label: l}
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

// continues reports whether a tag of one label may continue a span of another: they
// are equal, or spellings of the same label.
func (m *labelMap) continues(open, label []byte) bool {
	return bytes.Equal(open, label) || m.joins && bytes.Equal(m.spelling(open), m.spelling(label))
}

func (m *labelMap) spelling(label []byte) []byte {
	if l := m.native[string(label)]; l != nil && l.Joins != "" {
		return []byte(l.Joins)
	}
	return label
}

// find looks a label up, after the rules that follow the formation of spans.
func (m *labelMap) find(native []byte) (*label, error) {
	switch m.dataset.LabelRule {
	case datasets.Single:
		native = []byte(m.dataset.Labels[0].Native)
	case datasets.WithoutSuffix:
		for _, suffix := range m.dataset.LabelSuffixes {
			if cut, ok := bytes.CutSuffix(native, []byte(suffix)); ok {
				native = cut
				break
			}
		}
	}
	l, ok := m.native[string(native)]
	if !ok && m.dataset.LabelRule == datasets.SemPrefix {
		l, ok = m.ofClass(string(native))
	}
	if !ok {
		return nil, m.unknownLabel(native)
	}
	return l, nil
}

// ofClass finds the label of a class of GENIA's ontology: "G#" with the label,
// optionally followed by an underscore and more.
func (m *labelMap) ofClass(class string) (*label, bool) {
	for native, l := range m.native {
		if rest, ok := strings.CutPrefix(class, "G#"+native); ok && (rest == "" || rest[0] == '_') {
			return l, true
		}
	}
	return nil, false
}

func (m *labelMap) known() string {
	names := make([]string, len(m.dataset.Labels))
	for i, l := range m.dataset.Labels {
		names[i] = l.Native
	}
	return strings.Join(names, ", ")
}

// ofType finds a label by its type, for files whose labels are the dataset's types.
func (m *labelMap) ofType(t ner.EntityType) *label {
	for _, l := range m.dataset.Labels {
		if !l.Drop && l.Type == t {
			return m.native[l.Native]
		}
	}
	return nil
}
