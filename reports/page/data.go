package page

import (
	"cmp"
	"fmt"
	"slices"

	"nerbench/reports"
)

// data holds what the sections of the page share, computed once.
type data struct {
	datasets, domains *reports.Table // datasets by system, domains by system
	info              map[string]reports.DatasetInfo
	systems           []system // best first
	runs              []run
	ratios            reports.Ratios
	doubled           func(metric string) bool
}

// system is one column of the report with its colour.
type system struct {
	Name  string
	Color int // 1 to 8, then again from 1
}

// run is a result with the name of its system.
type run struct {
	*reports.Result
	system string
}

func (r run) dataset() string { return r.Keys[reports.KeyDataset] }

func newData(r Report) (*data, error) {
	spec := reports.Spec{
		Cols: reports.KeySystem, Metrics: []string{reports.SpanF1, reports.UninerF1},
		Benchmark: r.Datasets, Ratios: r.Ratios, Doubled: r.Doubled,
	}.WithDefaults()
	d := &data{info: map[string]reports.DatasetInfo{}, ratios: spec.Ratios, doubled: spec.Doubled}
	for _, info := range r.Datasets {
		d.info[info.ID] = info
	}
	for i, name := range reports.SystemNames(r.Results) {
		d.runs = append(d.runs, run{&r.Results[i], name})
	}
	var err error
	if d.datasets, err = reports.Build(r.Results, spec); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	spec.Rows = reports.KeyDomain
	if d.domains, err = reports.Build(r.Results, spec); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	d.systems = ranked(d.datasets, r.Results)
	return d, nil
}

// ranked lists the systems of a table by their mean, best first. Those with runs on a part
// of a split stand behind all others, whatever their means are.
func ranked(t *reports.Table, results []reports.Result) []system {
	partial := map[string]bool{} // runs
	for _, r := range results {
		partial[r.ID] = r.Coverage().Partial()
	}
	names := slices.Clone(t.Cols)
	mean := func(name string) float64 {
		c := t.Cell(reports.SpanF1, reports.MeanRows, name)
		value := orMinus(c.Value)
		if slices.ContainsFunc(c.Runs, func(id string) bool { return partial[id] }) {
			value -= 10
		}
		return value
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(mean(b), mean(a)) })
	var systems []system
	for i, name := range names {
		systems = append(systems, system{Name: name, Color: i%8 + 1})
	}
	return systems
}

// orMinus sorts undefined values below all others.
func orMinus(v *float64) float64 {
	if v == nil {
		return -1
	}
	return *v
}

// averages lists the averages at the end of a table's rows.
func averages(t *reports.Table) []string {
	return slices.DeleteFunc(slices.Clone(t.Rows), func(row string) bool { return !reports.IsAverage(row) })
}

// ran lists the rows of a table, without averages, in which something ran.
func ran(t *reports.Table) []string {
	return slices.DeleteFunc(slices.Clone(t.Rows), func(row string) bool {
		return reports.IsAverage(row) || !t.Row(reports.SpanF1, row).Ran()
	})
}

// runsOf returns the runs of one system.
func (d *data) runsOf(system string) []run {
	return slices.DeleteFunc(slices.Clone(d.runs), func(r run) bool { return r.system != system })
}

// datasetsOf lists the datasets of some runs, each once.
func datasetsOf(runs []run) []string {
	var ids []string
	for _, r := range runs {
		if !slices.Contains(ids, r.dataset()) {
			ids = append(ids, r.dataset())
		}
	}
	return ids
}

// totals are sums over runs. Runs of one dataset have passages in common, which
// count once.
type totals struct{ passages, queries, failures int }

func total(runs []run) totals {
	var t totals
	passages := map[string]int{}
	for _, r := range runs {
		passages[r.dataset()] = max(passages[r.dataset()], r.Complete)
		t.queries += r.Asked()
		t.failures += r.Failures()
	}
	for _, n := range passages {
		t.passages += n
	}
	return t
}
