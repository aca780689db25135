package reports

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// Names of averages (docs/spec/metrics.md §10.1). There is no average without a name.
const (
	MeanRows    = "mean_rows"
	MeanDomains = "mean_domains"
	PooledMicro = "pooled_micro"
)

// IsAverage reports whether a row or column of a table is an average over datasets.
func IsAverage(name string) bool {
	return name == MeanRows || name == MeanDomains || name == PooledMicro
}

// The headline metrics. Reports print them side by side and never mix them.
const (
	SpanF1   = "span_f1"
	UninerF1 = "uniner_f1"
)

// Spec describes a table to build.
type Spec struct {
	// Rows and Cols are the keys that span the table: names of [ner.Keys],
	// [KeyDomain] or [KeySystem]. Empty: dataset by model.
	Rows, Cols string
	// Metrics are the metric ids; empty: span_f1. Each has its own cells.
	Metrics []string
	// Where keeps the runs whose key has one of the values, for every key.
	Where map[string][]string
	// Selected: the results are those that fit the conditions on keys of runs. Only the
	// conditions on [KeyDomain] and [KeySystem] are left.
	Selected bool
	// Benchmark lists the datasets that averages are over, in the order of printing.
	// Empty: the datasets that were run.
	Benchmark []DatasetInfo
	// Ratios computes F1 from counts; nil: [FromCounts].
	Ratios Ratios
	// Doubled reports whether the counts of a metric are doubled, because it gives
	// half points (docs/spec/metrics.md §1.1). They are halved in print. nil: no
	// metric.
	Doubled func(metric string) bool
}

// Table holds computed cells. For each metric and each pair of a row and a
// column there is exactly one cell; averages are rows (or columns) at the end.
type Table struct {
	RowKey, ColKey string
	Metrics        []string
	Rows, Cols     []string
	Cells          []Cell
	Warnings       []string
	// Signatures describe how scores were computed, by run and metric.
	Signatures map[string]map[string]string

	// RunOnly leaves out datasets that were not run: their cells in CSV and JSON, their
	// names in notes.
	RunOnly bool

	// Published are systems with numbers from publications, see [Table.AddPublished].
	Published []PublishedSystem

	// Latex holds the options of the form latex.
	Latex Latex

	ranked bool // some cells have a rank
	where  string
	index  map[[3]string]int
	info   map[string]DatasetInfo
}

// Cell is one number, with the counts and runs that it was computed from.
type Cell struct {
	Row, Col, Metric string
	// Value is an F1 between 0 and 1; nil if it is undefined or was not run.
	Value *float64
	// Precision, Recall and Counts are those of one run, or of pooled runs; nil for a
	// mean.
	Precision, Recall *float64
	Counts            *ner.Score
	// CI is the 95 % interval; nil if it was not computed.
	CI *[2]float64
	// Rank is the range of ranks, from 1; nil if it was not computed.
	Rank *[2]int
	// Used of Total datasets are in the value (docs/spec/metrics.md §10.2).
	Used, Total int
	// Complete of Passages documents were scored, over all runs of the cell.
	Complete, Passages int
	// Incomplete is set if the value is of a run with passages that are not scored. No
	// average has it.
	Incomplete bool
	// Failures of Queries have no readable answer. Queries is 0 for runs without
	// generated answers.
	Failures, Queries int
	// Note is a remark that is printed below the table; empty for no remark.
	Note string
	// Seen are the datasets that a model of the cell has seen in training, which the note
	// says, too.
	Seen []string
	// Runs are the identities of the runs in the cell. A cell without runs was not run.
	Runs []string

	doubled bool // Counts are twice the real ones
	gold    int  // gold entities, once for each dataset
	average bool // a mean over datasets, even if it is over one

	first *firstPassages // if Note is about a run with a limit, and nothing else
}

// Ran reports whether the cell has a run.
func (c *Cell) Ran() bool { return len(c.Runs) > 0 }

// Mean reports whether the cell is a mean over datasets, also if it is over one.
func (c *Cell) Mean() bool { return c.average }

// Cell returns the cell of a metric; nil if the table has no such row, column
// or metric.
func (t *Table) Cell(metric, row, col string) *Cell {
	i, ok := t.index[[3]string{metric, row, col}]
	if !ok {
		return nil
	}
	return &t.Cells[i]
}

// shown reports whether a cell is printed in forms that have all cells.
func (t *Table) shown(c *Cell) bool { return !t.RunOnly || c.Ran() }

// ran reports whether a row or a column has a run.
func (t *Table) ran(name string) bool {
	return slices.ContainsFunc(t.Cells, func(c Cell) bool { return (c.Row == name || c.Col == name) && c.Ran() })
}

// Build computes a table. Unknown keys are errors.
func Build(results []Result, spec Spec) (*Table, error) {
	spec = spec.WithDefaults()
	if err := spec.check(); err != nil {
		return nil, err
	}
	b := newBuilder(results, spec)
	t := &Table{
		RowKey: spec.Rows, ColKey: spec.Cols, Metrics: spec.Metrics,
		where: describeWhere(spec.Where),
		index: map[[3]string]int{}, info: b.info,
	}
	t.Rows = append(b.values(spec.Rows), b.averages(spec.Rows)...)
	t.Cols = append(b.values(spec.Cols), b.averages(spec.Cols)...)
	for _, metric := range spec.Metrics {
		b.common = map[string]compared{}
		for _, row := range t.Rows {
			for _, col := range t.Cols {
				t.index[[3]string{metric, row, col}] = len(t.Cells)
				t.Cells = append(t.Cells, b.cell(metric, row, col))
			}
		}
	}
	t.Signatures = b.signatures()
	t.Warnings = b.warnings()
	return t, nil
}

// WithDefaults returns the spec with its empty fields set to their defaults.
func (s Spec) WithDefaults() Spec {
	if s.Rows == "" {
		s.Rows = KeyDataset
	}
	if s.Cols == "" {
		s.Cols = KeyModel
	}
	if len(s.Metrics) == 0 {
		s.Metrics = []string{SpanF1}
	}
	if s.Ratios == nil {
		s.Ratios = FromCounts
	}
	if s.Doubled == nil {
		s.Doubled = func(string) bool { return false }
	}
	return s
}

func (s Spec) check() error {
	var errs []error
	for _, axis := range []struct{ name, key string }{{"rows", s.Rows}, {"cols", s.Cols}} {
		if !knownAxis(axis.key) {
			errs = append(errs, fmt.Errorf("table: %s: key %q: unknown", axis.name, axis.key))
		}
	}
	if s.Rows == s.Cols {
		errs = append(errs, fmt.Errorf("table: rows and cols: both are %q", s.Rows))
	}
	for _, key := range sortedKeys(s.Where) {
		if !knownAxis(key) {
			errs = append(errs, fmt.Errorf("table: where: key %q: unknown", key))
		}
	}
	return errors.Join(errs...)
}

// shownValues is the number of values of one key that a title names.
const shownValues = 3

// describeWhere names the conditions on runs; of many values it names the first.
func describeWhere(where map[string][]string) string {
	var parts []string
	for _, key := range sortedKeys(where) {
		values := where[key]
		text := key + "=" + strings.Join(values[:min(len(values), shownValues)], "|")
		if more := len(values) - shownValues; more > 0 {
			text += fmt.Sprintf("|… (%d more)", more)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
