package reports

import (
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// builder holds the input of the cells of one table.
type builder struct {
	spec      Spec
	runs      []*run
	benchmark []string // datasets that averages are over, in order
	info      map[string]DatasetInfo
	rows      []string // values of the row axis, without averages
	cols      []string

	common map[string]compared // of one metric, by the datasets that cells stand for
	warned []string
}

func newBuilder(results []Result, spec Spec) *builder {
	b := &builder{spec: spec, info: map[string]DatasetInfo{}}
	for _, info := range spec.Benchmark {
		b.info[info.ID] = info
	}
	for i := range results {
		r := &run{Result: &results[i]}
		r.domain = b.info[r.key(KeyDataset)].Domain
		b.runs = append(b.runs, r)
	}
	nameSystems(b.runs)
	b.runs = slices.DeleteFunc(b.runs, func(r *run) bool { return !b.wanted(r.key) })
	b.benchmark = b.benchmarkDatasets()
	b.rows, b.cols = b.values(spec.Rows), b.values(spec.Cols)
	return b
}

// wanted applies the filter to the keys of a run.
func (b *builder) wanted(key func(string) string) bool {
	for name, values := range b.spec.Where {
		if b.spec.Selected && name != KeyDomain && name != KeySystem {
			continue
		}
		if !slices.Contains(values, key(name)) {
			return false
		}
	}
	return true
}

// benchmarkDatasets lists the datasets that the filter keeps: those of the benchmark
// in its order, then others that were run, by name.
func (b *builder) benchmarkDatasets() []string {
	var datasets []string
	for _, info := range b.spec.Benchmark {
		if b.datasetWanted(info) {
			datasets = append(datasets, info.ID)
		}
	}
	extra := set{}
	for _, r := range b.runs {
		if id := r.key(KeyDataset); id != "" && !slices.Contains(datasets, id) {
			extra[id] = true
		}
	}
	return append(datasets, sortedKeys(extra)...)
}

func (b *builder) datasetWanted(info DatasetInfo) bool {
	for name, value := range map[string]string{KeyDataset: info.ID, KeyDomain: info.Domain} {
		if values, ok := b.spec.Where[name]; ok && !slices.Contains(values, value) {
			return false
		}
	}
	return true
}

// values lists the values of an axis in the order of printing. Datasets and domains
// are those of the benchmark, also those that were not run.
func (b *builder) values(axis string) []string {
	var values []string
	add := func(v string) {
		if !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	switch axis {
	case KeyDataset:
		return slices.Clone(b.benchmark)
	case KeyDomain:
		for _, dataset := range b.benchmark {
			add(b.info[dataset].Domain)
		}
		return values
	}
	for _, r := range b.runs {
		add(r.key(axis))
	}
	slices.SortFunc(values, natural)
	return values
}

// averages lists the averages at the end of an axis.
func (b *builder) averages(axis string) []string {
	if axis != KeyDataset && axis != KeyDomain {
		return nil
	}
	if len(b.spec.Benchmark) == 0 {
		return []string{MeanRows, PooledMicro} // without a benchmark no domain is known
	}
	return []string{MeanRows, MeanDomains, PooledMicro}
}

// stands lists the datasets that a cell stands for: one, those of a domain, or all.
func (b *builder) stands(row, col string) []string {
	var datasets []string
	for _, id := range b.benchmark {
		if b.covers(b.spec.Rows, row, id) && b.covers(b.spec.Cols, col, id) {
			datasets = append(datasets, id)
		}
	}
	return datasets
}

func (b *builder) covers(axis, value, id string) bool {
	switch {
	case b.average(axis, value):
		return true
	case axis == KeyDataset:
		return id == value
	case axis == KeyDomain:
		return b.info[id].Domain == value
	}
	return true
}

// average reports whether a value of an axis is the name of an average.
func (b *builder) average(axis, value string) bool {
	return slices.Contains(b.averages(axis), value)
}

// at lists the runs at a place of the table, by dataset.
func (b *builder) at(row, col string) map[string][]*run {
	runs := map[string][]*run{}
	for _, r := range b.runs {
		if b.matches(r, b.spec.Rows, row) && b.matches(r, b.spec.Cols, col) {
			runs[r.key(KeyDataset)] = append(runs[r.key(KeyDataset)], r)
		}
	}
	return runs
}

func (b *builder) matches(r *run, axis, value string) bool {
	return b.average(axis, value) || r.key(axis) == value
}

// score returns the counts of a run. A run that asked only some of the types
// has metric ids of its own (docs/spec/metrics.md §1.4), unless the table names the key.
func (b *builder) score(r *run, metric string) (ner.Score, bool) {
	if q := r.key("queries"); q != "" && q != "all" && !b.names("queries") {
		base, partial := strings.CutSuffix(metric, fmt.Sprintf("[queries=%s]", q))
		if !partial {
			return ner.Score{}, false
		}
		if s, ok := r.Scores[metric]; ok {
			return s, true
		}
		metric = base
	}
	s, ok := r.Scores[metric]
	return s, ok
}

func (b *builder) names(key string) bool {
	return b.spec.Rows == key || b.spec.Cols == key || b.spec.Where[key] != nil
}

// f1 is the value of a run; nil if it has none.
func (b *builder) f1(r *run, metric string) *float64 {
	s, ok := b.score(r, metric)
	if !ok {
		return nil
	}
	_, _, f1 := b.spec.Ratios(metric, s)
	return r.Coverage().Value(f1)
}

// datasetValue is the value of one dataset at one place in averages: the mean over
// its runs that are complete and have gold (docs/spec/metrics.md §10.2).
func (b *builder) datasetValue(runs []*run, metric string) *float64 {
	var values []float64
	for _, r := range b.counted(runs, metric) {
		if v := b.f1(r, metric); v != nil {
			values = append(values, *v)
		}
	}
	return mean(values)
}

// counted returns the runs that may enter averages: complete, scored, with gold.
func (b *builder) counted(runs []*run, metric string) []*run {
	return slices.DeleteFunc(slices.Clone(runs), func(r *run) bool {
		s, ok := b.score(r, metric)
		return !ok || r.Incomplete() || s.NGold == 0
	})
}

// signatures returns the signatures of the scores in the cells.
func (b *builder) signatures() map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, r := range b.runs {
		for id, signature := range r.Signatures {
			if !slices.Contains(b.spec.Metrics, id) {
				continue
			}
			if out[r.ID] == nil {
				out[r.ID] = map[string]string{}
			}
			out[r.ID][id] = signature
		}
	}
	return out
}
