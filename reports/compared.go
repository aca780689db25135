package reports

import (
	"fmt"
	"slices"
	"strings"
)

// compared is the set of evaluation rows that averages are over which stand for
// the same rows, and so are compared (METRICS.md §10.2).
type compared struct {
	rows set // those that all cells taking part have
	most int // the number of rows of the cell that has most
}

// admits reports whether a cell with own rows takes part: it has at least half
// as many as the cell that has most. Otherwise one system that was tried on a
// single row would leave nothing to average for all others.
func (c compared) admits(own int) bool { return 2*own >= c.most }

// comparedRows finds, among the evaluation rows that a cell stands for, those
// that it is averaged over. They are the same for every cell that stands for
// the same rows.
func (b *builder) comparedRows(metric string, rows []string) compared {
	group := strings.Join(rows, "\x1f")
	if c, ok := b.common[group]; ok {
		return c
	}
	var owns []map[string]float64
	c := compared{rows: set{}}
	for _, row := range append(slices.Clone(b.rows), b.averages(b.spec.Rows)...) {
		for _, col := range append(slices.Clone(b.cols), b.averages(b.spec.Cols)...) {
			if !slices.Equal(b.stands(row, col), rows) || b.single(row, col) {
				continue
			}
			own := b.averaged(b.at(row, col), metric)
			owns = append(owns, own)
			c.most = max(c.most, len(own))
		}
	}
	owns = slices.DeleteFunc(owns, func(own map[string]float64) bool { return len(own) == 0 || !c.admits(len(own)) })
	some := set{}
	for _, id := range rows {
		n := countIn(owns, id)
		some[id] = n > 0
		c.rows[id] = n > 0 && n == len(owns)
	}
	b.common[group] = c
	b.warnLeftOut(metric, rows, some, c.rows)
	return c
}

// averaged returns the values, by evaluation row, that can enter an average.
func (b *builder) averaged(at map[string][]*run, metric string) map[string]float64 {
	own := map[string]float64{}
	for id, runs := range at {
		if v := b.rowValue(runs, metric); v != nil {
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

// warnLeftOut says so when averages leave out rows that some cells have.
func (b *builder) warnLeftOut(metric string, rows []string, some, common set) {
	left := func(id string) bool { return some[id] && !common[id] }
	if !slices.ContainsFunc(rows, left) {
		return
	}
	in := listIn(rows, func(id string) bool { return common[id] })
	b.warned = append(b.warned, fmt.Sprintf("%s: averages are over the %d of %d rows that all have: %s; left out, as some lack them: %s",
		metric, len(in), len(rows), orNothing(in), orNothing(listIn(rows, left))))
}
