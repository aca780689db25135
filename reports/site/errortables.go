package site

import (
	"cmp"
	"slices"

	"nerbench/ner"
	"nerbench/reports"
)

// errorTables are the errors of a run as the page shows them.
type errorTables struct {
	Classes   []classRow
	Confusion *confusionTable // nil: there are too many types, or none
	Confused  []ner.ConfusionCell
	Buckets   []bucketGroup
	// Few: some bucket has few gold entities.
	Few bool
}

// classRow is a class of errors with its shares; empty: the class has none of this side.
type classRow struct {
	Class, Meaning string
	N              int
	Part           bool // of the class above it
	OfGold, OfPred string
}

// errorClasses are the classes in their order (docs/spec/metrics.md §5), with the sides
// that have a part in them.
var errorClasses = []struct {
	name, meaning    string
	part, gold, pred bool
}{
	{"C", "right: the span and the type", false, true, true},
	{"T", "right span, other type", false, true, true},
	{"B", "overlapping span, right type", false, true, true},
	{"BT", "overlapping span, other type", false, true, true},
	{"MIS", "missed: a gold entity without a match", false, true, false},
	{"MIS_overlapped", "of these, overlapping a prediction", true, true, false},
	{"SPU", "spurious: a prediction without a match", false, false, true},
	{"SPU_overlapping", "of these, overlapping gold", true, false, true},
}

// mostConfused limits the types of a confusion table, and the cells of a list.
const mostConfused = 30

// fewGold is the number of gold entities below which the F1 of a bucket is marked
// (docs/spec/metrics.md §11).
const fewGold = 20

func newErrorTables(e *ner.ErrorCounts) *errorTables {
	t := &errorTables{Classes: classRows(e.Classes), Confusion: newConfusionTable(e.Confusion)}
	if t.Confusion == nil {
		t.Confused = mostOften(e.Confusion)
	}
	for _, b := range e.Buckets {
		if n := len(t.Buckets); n == 0 || t.Buckets[n-1].attribute != b.Attribute {
			t.Buckets = append(t.Buckets, bucketGroup{attribute: b.Attribute, Name: attributeName(b.Attribute)})
		}
		g := &t.Buckets[len(t.Buckets)-1]
		row := newBucketRow(b)
		g.Rows = append(g.Rows, row)
		t.Few = t.Few || row.Few
	}
	return t
}

func classRows(counts map[string]int) []classRow {
	gold, pred := 0, 0
	for _, c := range errorClasses {
		if c.part {
			continue
		}
		if c.gold {
			gold += counts[c.name]
		}
		if c.pred {
			pred += counts[c.name]
		}
	}
	var rows []classRow
	for _, c := range errorClasses {
		row := classRow{Class: c.name, Meaning: c.meaning, N: counts[c.name], Part: c.part}
		if c.gold {
			row.OfGold = percentOf(row.N, gold)
		}
		if c.pred {
			row.OfPred = percentOf(row.N, pred)
		}
		rows = append(rows, row)
	}
	return rows
}

// percentOf prints a part as a percentage; a part above 0 never prints as 0.0.
func percentOf(part, whole int) string {
	if whole == 0 {
		return reports.Undefined
	}
	v := float64(part) / float64(whole)
	return share(&v).Text
}

// confusionTable has gold types in lines and predicted types in columns, ordered by the
// number of gold entities. The last line and column are those without a partner.
type confusionTable struct {
	Types []ner.EntityType // of the columns
	Rows  []confusionRow
}

type confusionRow struct {
	Type  ner.EntityType // empty: no gold entity
	Cells []confusionCell
	Gold  int // entities of the line; 0 in the last line
}

// confusionCell is a number of entities, with its share of the line as heat.
type confusionCell struct {
	N, Heat int
	Right   bool
}

// newConfusionTable returns nil if there are no entities, or too many types.
func newConfusionTable(cells []ner.ConfusionCell) *confusionTable {
	gold, n := map[ner.EntityType]int{}, map[[2]ner.EntityType]int{}
	for _, c := range cells {
		n[[2]ner.EntityType{c.Gold, c.Pred}] = c.N
		gold[c.Gold] += c.N
		gold[c.Pred] += 0
	}
	delete(gold, "")
	if len(gold) == 0 || len(gold) > mostConfused {
		return nil
	}
	t := &confusionTable{}
	for typ := range gold {
		t.Types = append(t.Types, typ)
	}
	slices.SortFunc(t.Types, func(a, b ner.EntityType) int { return cmp.Or(gold[b]-gold[a], cmp.Compare(a, b)) })
	for _, g := range append(slices.Clone(t.Types), "") {
		row := confusionRow{Type: g, Gold: gold[g]}
		for _, p := range append(slices.Clone(t.Types), "") {
			cell := confusionCell{N: n[[2]ner.EntityType{g, p}], Right: g == p && g != ""}
			if row.Gold > 0 {
				cell.Heat = min(9, 10*cell.N/row.Gold)
			}
			row.Cells = append(row.Cells, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// mostOften lists the pairs of different types that were confused most often.
func mostOften(cells []ner.ConfusionCell) []ner.ConfusionCell {
	list := slices.DeleteFunc(slices.Clone(cells), func(c ner.ConfusionCell) bool { return c.Gold == c.Pred || c.Gold == "" || c.Pred == "" })
	slices.SortStableFunc(list, func(a, b ner.ConfusionCell) int { return b.N - a.N })
	return list[:min(len(list), mostConfused)]
}

// bucketGroup are the buckets of an attribute.
type bucketGroup struct {
	attribute string
	Name      string
	Rows      []bucketRow
}

type bucketRow struct {
	Name, F1, Precision, Recall string
	Few                         bool // it has few gold entities
	Counts                      ner.Score
}

// attributeNames name the attributes of buckets (docs/spec/metrics.md §11).
var attributeNames = map[string]string{
	"eLen": "Tokens of the entity", "sLen": "Tokens of the passage", "eDen": "Share of the passage's tokens inside gold entities",
}

func attributeName(attribute string) string { return cmp.Or(attributeNames[attribute], attribute) }

func newBucketRow(b ner.BucketCounts) bucketRow {
	percent := func(v float64, ok bool) string {
		if !ok {
			return reports.Undefined
		}
		return reports.Percent(&v)
	}
	return bucketRow{
		Name: b.Name, F1: percent(b.Counts.F1()), Precision: percent(b.Counts.Precision()), Recall: percent(b.Counts.Recall()),
		Few: b.Counts.NGold < fewGold, Counts: b.Counts,
	}
}
