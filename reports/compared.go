package reports

import (
	"fmt"
	"slices"
	"strings"
)

// compared is the set of datasets that a group of averages is over. The averages of
// a group stand for the same datasets and are compared with each other
// (docs/spec/metrics.md §10.2).
type compared struct {
	datasets set // those that all cells taking part have
	most     int // the largest number of datasets of one cell
}

// admits reports whether a cell with a number of datasets takes part: it needs half
// of the largest number. Otherwise one system with a single dataset would reduce the
// averages of all others to this dataset.
func (c compared) admits(own int) bool { return 2*own >= c.most }

// comparedDatasets returns, of the datasets that a cell stands for, those that its
// average is over. They are the same for all cells that stand for the same datasets.
func (b *builder) comparedDatasets(metric string, datasets []string) compared {
	group := strings.Join(datasets, "\x1f")
	if c, ok := b.common[group]; ok {
		return c
	}
	var owns []map[string]float64
	c := compared{datasets: set{}}
	for _, row := range append(slices.Clone(b.rows), b.averages(b.spec.Rows)...) {
		for _, col := range append(slices.Clone(b.cols), b.averages(b.spec.Cols)...) {
			if !slices.Equal(b.stands(row, col), datasets) || b.single(row, col) {
				continue
			}
			at, _ := pool(b.at(row, col))
			own := b.averaged(at, metric)
			owns = append(owns, own)
			c.most = max(c.most, len(own))
		}
	}
	owns = slices.DeleteFunc(owns, func(own map[string]float64) bool { return len(own) == 0 || !c.admits(len(own)) })
	some := set{}
	for _, id := range datasets {
		n := countIn(owns, id)
		some[id] = n > 0
		c.datasets[id] = n > 0 && n == len(owns)
	}
	b.common[group] = c
	b.warnLeftOut(metric, datasets, some, c.datasets)
	return c
}

// averaged returns the values, by dataset, that can enter an average, of the runs that
// it may pool.
func (b *builder) averaged(at map[string][]*run, metric string) map[string]float64 {
	own := map[string]float64{}
	for id, runs := range at {
		if v := b.datasetValue(runs, metric); v != nil {
			own[id] = *v
		}
	}
	return own
}

func countIn(owns []map[string]float64, id string) int {
	n := 0
	for _, own := range owns {
		if _, ok := own[id]; ok {
			n++
		}
	}
	return n
}

// warnLeftOut warns if averages leave out datasets that some cells have.
func (b *builder) warnLeftOut(metric string, datasets []string, some, common set) {
	left := func(id string) bool { return some[id] && !common[id] }
	if !slices.ContainsFunc(datasets, left) {
		return
	}
	in := listIn(datasets, func(id string) bool { return common[id] })
	b.warned = append(b.warned, fmt.Sprintf("%s: averages are over the %d of %d datasets that all cells have: %s; left out: %s",
		metric, len(in), len(datasets), orNone(in), orNone(listIn(datasets, left))))
}
