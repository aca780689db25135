package reports

import (
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// cell computes the cell at one place of the table.
func (b *builder) cell(metric, row, col string) Cell {
	c := Cell{Row: row, Col: col, Metric: metric}
	at := b.at(row, col)
	if b.single(row, col) {
		b.fillDataset(&c, at[b.stands(row, col)[0]])
		return c
	}
	b.fillMean(&c, at)
	return c
}

// single reports whether a cell stands for one dataset by its name. A mean that
// happens to be over one dataset does not.
func (b *builder) single(row, col string) bool {
	byName := (b.spec.Rows == KeyDataset && !b.average(KeyDataset, row)) || (b.spec.Cols == KeyDataset && !b.average(KeyDataset, col))
	return byName && len(b.stands(row, col)) == 1
}

// fillDataset fills the cell of one dataset from its runs.
func (b *builder) fillDataset(c *Cell, runs []*run) {
	c.Total = 1
	if len(runs) == 0 {
		c.Note = b.notRun(c)
		return
	}
	runs, left := longest(runs)
	b.fillOrigin(c, runs)
	c.Incomplete = slices.ContainsFunc(runs, func(r *run) bool { return r.Incomplete() })
	if b.datasetValue(runs, c.Metric) != nil {
		c.Used = 1
	}
	if len(runs) > 1 {
		c.Value = b.valueOfMany(runs, c.Metric)
		c.Note = joinNotes(fmt.Sprintf("mean of %d runs that differ in: %s", len(runs), orNone(differing(runs))), strings.Join(coverageNotes(runs), ", "), seenNote(c, runs), leftOut(left, false))
		return
	}
	b.fillCounts(c, runs[0])
	c.Note = joinNotes(c.Note, seenNote(c, runs), leftOut(left, false))
	if of := runs[0].Coverage(); of.Whole() && of.Limit > 0 && of.Shard == "" && c.Note == of.Note() {
		c.first = &firstPassages{of.Passages, of.Split, runs[0].key(KeyDataset)}
	}
}

// joinNotes joins the notes that are not empty.
func joinNotes(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(n string) bool { return n == "" }), "; ")
}

// fillCounts fills the cell of one run.
func (b *builder) fillCounts(c *Cell, r *run) {
	coverage := r.Coverage()
	c.Note = coverage.Note()
	s, ok := b.score(r, c.Metric)
	switch {
	case coverage.Scored == 0:
		return
	case !ok && !r.Incomplete():
		c.Note = joinNotes(c.Note, "not scored by this metric")
		return
	case !ok:
		return
	}
	c.Counts, c.doubled = &s, b.spec.Doubled(c.Metric)
	c.Precision, c.Recall, c.Value = b.spec.Ratios(c.Metric, s)
	if s.NGold == 0 {
		c.Note = joinNotes(c.Note, "no gold: left out of averages")
	}
	if ci, ok := r.CI[c.Metric]; ok {
		c.CI = &ci
	}
}

// valueOfMany is the mean over several runs of one dataset.
func (b *builder) valueOfMany(runs []*run, metric string) *float64 {
	var values []float64
	for _, r := range runs {
		if v := b.f1(r, metric); v != nil {
			values = append(values, *v)
		}
	}
	return mean(values)
}

// fillMean fills a cell that is an average over datasets. It uses the datasets that
// all cells over the same datasets have, so that averages can be compared.
func (b *builder) fillMean(c *Cell, at map[string][]*run) {
	datasets := b.stands(c.Row, c.Col)
	c.Total = len(datasets)
	c.average = true
	set := b.comparedDatasets(c.Metric, datasets)
	ran := at
	at, left := pool(at)
	own := b.averaged(at, c.Metric)
	if len(own) == 0 || !set.admits(len(own)) {
		b.fillOrigin(c, slices.Concat(valuesOf(ran)...))
		c.Note = b.noMean(c, ran, left, len(own), set.most)
		return
	}
	var values []float64
	var used []*run
	byDomain := map[string][]float64{}
	for _, id := range datasets {
		if !set.datasets[id] {
			continue
		}
		domain := b.info[id].Domain
		values = append(values, own[id])
		byDomain[domain] = append(byDomain[domain], own[id])
		used = append(used, b.counted(at[id], c.Metric)...)
	}
	c.Used = len(values)
	b.fillOrigin(c, used)
	switch {
	case len(values) == 0:
		b.fillOrigin(c, slices.Concat(valuesOf(ran)...))
		c.Note = "no dataset that all cells have"
		return
	case c.Row == PooledMicro || c.Col == PooledMicro:
		b.fillPooled(c, datasets, set, at)
	case c.Row == MeanDomains || c.Col == MeanDomains:
		c.Value = mean(meansOf(byDomain))
		c.Note = fmt.Sprintf("%d of %d domains", len(byDomain), b.domainsOf(datasets))
	default:
		c.Value = mean(values)
	}
	c.Note = joinNotes(c.Note, partsNote(used), seenNote(c, used), leftOut(left, true), notShared(datasets, own, set))
}

// notShared is the note of a mean that lacks datasets of its column, because others do
// not have them. The note goes with the value to formats that print no warnings.
func notShared(datasets []string, own map[string]float64, set compared) string {
	without := listIn(datasets, func(id string) bool { _, has := own[id]; return has && !set.datasets[id] })
	if len(without) == 0 {
		return ""
	}
	if more := len(without) - namedRuns; more > 0 {
		without = append(without[:namedRuns], fmt.Sprintf("%d more", more))
	}
	return "without " + strings.Join(without, ", ") + ", which not all have"
}

// SeenNote is the note of a value of a model that was trained on the train split of the
// dataset.
const SeenNote = "seen in training"

// seenNote is the note of a cell about the datasets that the models of its runs have seen
// in training: a mean names the first of them. A dataset of several models has the number
// of those that have seen it.
func seenNote(c *Cell, runs []*run) string {
	n := 0
	for _, r := range runs {
		if r.Seen {
			n++
		}
	}
	names := slices.Clone(c.Seen)
	switch {
	case n == 0:
		return ""
	case !c.average && n < len(runs):
		return fmt.Sprintf("%s by %d of %d runs", SeenNote, n, len(runs))
	case !c.average:
		return SeenNote
	}
	if more := len(names) - namedRuns; more > 0 {
		names = append(names[:namedRuns], fmt.Sprintf("%d more", more))
	}
	return SeenNote + ": " + strings.Join(names, ", ")
}

// partsNote describes the runs of a mean that have only a part of their split.
func partsNote(runs []*run) string {
	var parts []string
	for _, r := range runs {
		part := ""
		switch c := r.Coverage(); {
		case c.Shard != "":
			part = "shard " + c.Shard
		case c.Limit > 0:
			part = fmt.Sprintf("first %d passages", c.Limit)
		}
		if part != "" && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + " of each dataset"
}

// fillPooled fills a cell with the F1 of the counts summed over datasets.
func (b *builder) fillPooled(c *Cell, datasets []string, set compared, at map[string][]*run) {
	var pooled ner.Score
	for _, id := range datasets {
		if !set.datasets[id] {
			continue
		}
		runs := b.counted(at[id], c.Metric)
		if len(runs) != 1 {
			c.Note = "several runs of one dataset: no counts to sum"
			return
		}
		s, _ := b.score(runs[0], c.Metric)
		pooled = pooled.Add(s)
	}
	c.Counts, c.doubled = &pooled, b.spec.Doubled(c.Metric)
	c.Precision, c.Recall, c.Value = b.spec.Ratios(c.Metric, pooled)
}

// noMean is the reason for which a cell has no average.
func (b *builder) noMean(c *Cell, ran map[string][]*run, left []*run, own, most int) string {
	switch {
	case len(ran) == 0:
		return b.notRun(c)
	case own == 0:
		return noneCounts(ran)
	}
	noun := "datasets"
	if own == 1 {
		noun = "dataset"
	}
	return joinNotes(fmt.Sprintf("%d %s, others up to %d: too few to average with them", own, noun, most), leftOut(left, true))
}

// namedRuns is the largest number of runs that one note names.
const namedRuns = 3

// noneCounts is the note of a mean that has none of the runs at its place.
func noneCounts(ran map[string][]*run) string {
	var parts []string
	for _, id := range sortedKeys(ran) {
		for _, note := range coverageNotes(ran[id]) {
			parts = append(parts, fmt.Sprintf("%s (%s)", id, note))
		}
	}
	if more := len(parts) - namedRuns; more > 0 {
		parts = append(parts[:namedRuns], fmt.Sprintf("%d more", more))
	}
	note := "no dataset that can be averaged"
	if len(parts) > 0 {
		note += ": " + strings.Join(parts, ", ")
	}
	return note
}

// fillOrigin records the runs that a cell was computed from. Several runs of one
// dataset have the same passages, which count once.
func (b *builder) fillOrigin(c *Cell, runs []*run) {
	c.Failures, c.Queries, c.Runs, c.Seen = 0, 0, nil, nil
	complete, passages, gold := map[string]int{}, map[string]int{}, map[string]int{}
	for _, r := range runs {
		dataset := r.key(KeyDataset)
		passages[dataset] = max(passages[dataset], r.Passages)
		if s, ok := b.score(r, c.Metric); ok {
			complete[dataset] = max(complete[dataset], r.Coverage().Scored)
			_, _, n := PrintedCounts(s, b.spec.Doubled(c.Metric))
			gold[dataset] = max(gold[dataset], n)
		}
		c.Failures += r.Failures()
		c.Queries += r.Asked()
		c.Runs = append(c.Runs, r.ID)
		if r.Seen && !slices.Contains(c.Seen, dataset) {
			c.Seen = append(c.Seen, dataset)
		}
	}
	c.Complete, c.Passages, c.gold = sum(complete), sum(passages), sum(gold)
}

func sum[K comparable](counts map[K]int) int {
	n := 0
	for _, k := range counts {
		n += k
	}
	return n
}

// notRun is the note of a place without runs, with the reason where it is known.
func (b *builder) notRun(c *Cell) string {
	for _, id := range []string{c.Row, c.Col} {
		if info, ok := b.info[id]; ok && info.Absent != "" {
			return "not run: " + info.Absent
		}
	}
	return "not run"
}

func (b *builder) domainsOf(datasets []string) int {
	domains := set{}
	for _, id := range datasets {
		domains[b.info[id].Domain] = true
	}
	return len(domains)
}
