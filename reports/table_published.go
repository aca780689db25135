package reports

import (
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// PublishedSystem is a system with numbers from a publication, beside the cells of a
// table. It enters no average.
type PublishedSystem struct {
	// Name is the system, with where it is printed: "GLiNER-L (GLiNER, Table 2)".
	Name     string `json:"name"`
	Source   string `json:"source"`
	Setting  string `json:"setting"`
	Protocol string `json:"protocol"`
	// Values are F1 in percent, by dataset or by domain.
	Values map[string]float64 `json:"values"`

	domains bool // Values are means of domains
}

// AddPublished adds published systems to a table with datasets or domains on one axis:
// as columns beside them, or as lines below them. The error of an unknown system lists
// the known ones.
func (t *Table) AddPublished(systems []string) error {
	if len(systems) == 0 {
		return nil
	}
	values, err := Published()
	if err != nil {
		return err
	}
	axis := t.RowKey
	if t.ColKey == KeyDataset || t.ColKey == KeyDomain {
		axis = t.ColKey
	}
	if axis != KeyDataset && axis != KeyDomain {
		return fmt.Errorf("table: published systems need datasets or domains on one axis: want rows or cols %s or %s", KeyDataset, KeyDomain)
	}
	for _, name := range systems {
		from := len(t.Published)
		for i := range values {
			v := &values[i]
			if v.System != "" && v.Metric == "f1" && (strings.EqualFold(v.System, name) || strings.EqualFold(v.shortName(), name)) {
				t.putPublished(v, axis)
			}
		}
		t.Published = append(t.Published[:from], withoutCopies(t.Published[from:])...)
		if len(t.Published) == from {
			return fmt.Errorf("table: published system %q: unknown, or has no numbers by %s%s", name, axis, ner.Choices(name, knownSystems(values)))
		}
	}
	return nil
}

func (t *Table) putPublished(v *PublishedValue, axis string) {
	at := v.Dataset
	if axis == KeyDomain {
		if at = v.Domain; v.Dataset != "" {
			at = ""
		}
	}
	if at == "" {
		return
	}
	name := v.shortName()
	i := slices.IndexFunc(t.Published, func(p PublishedSystem) bool { return p.Name == name && p.Setting == v.Setting })
	if i < 0 {
		i = len(t.Published)
		t.Published = append(t.Published, PublishedSystem{Name: name, Source: v.Source, Setting: v.Setting, Protocol: v.Protocol, Values: map[string]float64{}, domains: axis == KeyDomain})
	}
	t.Published[i].Values[at] = v.Value
}

// shortName names the system with where it is printed, and the setting of an
// ablation.
func (v *PublishedValue) shortName() string {
	short, _, _ := strings.Cut(v.Source, ",")
	name := fmt.Sprintf("%s (%s, %s)", v.System, short, v.Table)
	if _, behind, ok := strings.Cut(v.Setting, ": "); ok {
		name += " " + behind
	}
	return name
}

// withoutCopies drops numbers that a source copied from another one, and tables whose
// numbers are all in another table.
func withoutCopies(list []PublishedSystem) []PublishedSystem {
	const copied = "as in the cited paper"
	var out []PublishedSystem
	for i, p := range list {
		again := false
		for k, other := range list {
			if k == i {
				continue
			}
			same := true
			for at, v := range p.Values {
				w, there := other.Values[at]
				same = same && there && v == w
			}
			more := len(other.Values) > len(p.Values) || len(other.Values) == len(p.Values) && k < i
			again = again || same && more || p.Protocol == copied && other.Protocol != copied
		}
		if !again {
			out = append(out, p)
		}
	}
	return out
}

func knownSystems(values []PublishedValue) []string {
	seen := set{}
	for _, v := range values {
		if v.System != "" && v.Metric == "f1" && (v.Dataset != "" || v.Domain != "") {
			seen[v.System] = true
		}
	}
	return sortedKeys(seen)
}

// besides adds the published systems to the grid of a metric: as lines if datasets are
// the columns, else as columns.
func (t *Table) besides(g *Grid, l *layout) {
	if len(t.Published) == 0 {
		return
	}
	if l.across() {
		for range g.Body {
			g.Published = append(g.Published, false)
		}
	} else {
		g.PublishedColumns = make([]bool, len(g.Header))
	}
	for _, p := range t.Published {
		protocol := p.Protocol
		if protocol == "" {
			protocol = "scoring is not described"
		}
		g.Notes = append(g.Notes, fmt.Sprintf("%s: %s; %s; %s", p.Name, p.Source, p.Setting, protocol))
		if !l.across() {
			g.Header, g.PublishedColumns = append(g.Header, p.Name), append(g.PublishedColumns, true)
			for i, row := range l.rows {
				g.Body[i] = append(g.Body[i], p.text(row))
			}
			continue
		}
		line := []string{p.Name}
		for _, col := range l.cols {
			line = append(line, p.text(col))
			if l.generated(col) {
				line = append(line, "")
			}
		}
		g.Body, g.Published = append(g.Body, line), append(g.Published, true)
	}
}

func (p *PublishedSystem) text(at string) string {
	if v, there := p.Values[at]; there {
		return OneDecimal(v)
	}
	return "–"
}

// SetRank gives a cell its range of ranks, from 1, among the systems on its
// dataset (docs/spec/metrics.md §12.6). A cell whose range begins at 1 is bold.
func (t *Table) SetRank(metric, row, col string, from, to int) {
	t.Cell(metric, row, col).Rank = &[2]int{from, to}
	t.ranked = true
}

// SetInterval gives a cell the 95 % interval of its value.
func (t *Table) SetInterval(metric, row, col string, low, high float64) {
	t.Cell(metric, row, col).CI = &[2]float64{low, high}
}

// bold sets the cells of a grid that are printed in bold.
func (t *Table) bold(g *Grid, l *layout) {
	if !t.ranked {
		return
	}
	first := len(g.Body) - len(l.rows) // lines of sizes stand before
	g.Bold = make([][]bool, len(g.Body))
	for i, row := range l.rows {
		line := make([]bool, len(g.Header))
		at := 1
		if !l.across() {
			at += 2 // passages and gold
		}
		for _, col := range l.cols {
			rank := t.Cell(l.metric, row, col).Rank
			line[at] = rank != nil && rank[0] == 1
			if at++; l.generated(col) {
				at++
			}
		}
		g.Bold[first+i] = line
	}
	g.Notes = append(g.Notes, "#: range of ranks at level 0.05, Holm within the comparisons of one system; the ranges are not joint (docs/spec/metrics.md §12.6)",
		"bold, in text with a star: the range begins at 1")
}
