package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nerbench/harness"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// sweepResult is the result of a sweep in JSON.
type sweepResult struct {
	Sweep  string      `json:"sweep"`
	Title  string      `json:"title"`
	Varied []string    `json:"varied"`
	Lines  []sweepLine `json:"lines"`
	// Paraphrases are about the types that were asked by other names.
	Paraphrases []paraphraseLine `json:"paraphrases,omitempty"`
	Notes       []string         `json:"notes"`
	// Published are tables of the paper that ask the same, without own runs.
	Published []*reports.PaperTable `json:"published,omitempty"`
	Warning   string                `json:"warning,omitempty"`
}

// sweepLine is one point by one metric.
type sweepLine struct {
	Keys     map[string]string   `json:"keys"`
	Baseline bool                `json:"baseline"`
	Metric   string              `json:"metric"`
	Rows     map[string]*float64 `json:"rows"`      // F1 by row
	Mean     *float64            `json:"mean_rows"` // F1: the mean over the rows
	CI       *[2]float64         `json:"ci"`
	// Deviation is the standard deviation over the seeds; null: fewer than two.
	Deviation *float64 `json:"seeds_sd"`
	// Difference is from the baseline, P two-sided, PAdjusted by Holm over the
	// points.
	Difference   *float64    `json:"difference"`
	DifferenceCI *[2]float64 `json:"difference_ci"`
	P            *float64    `json:"p"`
	PAdjusted    *float64    `json:"p_adjusted"`
	// Used of Total rows are in the mean.
	Used     int      `json:"used"`
	Total    int      `json:"total"`
	Queries  int      `json:"queries"`
	Failures int      `json:"failures"`
	Cost     *cost    `json:"cost"`
	Runs     []string `json:"runs"`
}

// pointCounts are the counts of a point on one row.
type pointCounts struct {
	pooled []ner.Score // by passage, those of all seeds together
	seeds  []ner.Score // by seed, those of all passages
}

// sweepCounter reads counts of runs out of the store.
type sweepCounter struct {
	env     *environment
	store   *results.Store
	ctx     context.Context
	infos   map[string]results.RunInfo
	partial map[string]string // what is left out, and why
	costs   map[string]cost
	price   price
}

// printSweep prints what is complete of a sweep.
func (env *environment) printSweep(ctx context.Context, store *results.Store, p *sweepPlan, show sweepShow) error {
	c := &sweepCounter{
		env: env, store: store, ctx: ctx, price: show.price,
		infos: map[string]results.RunInfo{}, partial: map[string]string{}, costs: map[string]cost{},
	}
	result, err := c.result(p, show.resamples)
	if err != nil {
		return err
	}
	if result.Published, err = env.publishedTables(p.Published); err != nil {
		return err
	}
	if show.out != "" {
		if err := result.writeAll(show.out); err != nil {
			return fmt.Errorf("sweep %s: %w", p.Name, err)
		}
		env.note("sweep %s: table and chart are in %s", p.Name, show.out)
	}
	if show.format == "json" {
		return env.printJSON(result)
	}
	return writeGrids(env.stdout, result.grids(), show.format)
}

// result computes the lines of all points.
func (c *sweepCounter) result(p *sweepPlan, resamples int) (*sweepResult, error) {
	out := &sweepResult{Sweep: p.Name, Title: p.Title, Varied: p.varied, Warning: p.Warning, Lines: []sweepLine{}, Notes: []string{}}
	base := slices.IndexFunc(p.points, func(pt sweepPoint) bool { return pt.Baseline })
	for m := range p.metrics {
		from := len(out.Lines)
		var baseCounts map[string]*pointCounts
		if base >= 0 {
			var err error
			if baseCounts, err = c.counts(&p.points[base], m); err != nil {
				return nil, err
			}
		}
		for i := range p.points {
			line, err := c.line(p, &p.points[i], m, baseCounts, resamples)
			if err != nil {
				return nil, err
			}
			out.Lines = append(out.Lines, line)
		}
		adjustLines(out.Lines[from:])
	}
	if slices.Contains(p.varied, "paraphrase") {
		var err error
		if out.Paraphrases, err = c.paraphrases(p); err != nil {
			return nil, err
		}
	}
	for _, name := range sortedKeys(c.partial) {
		out.Notes = append(out.Notes, name+": "+c.partial[name])
	}
	return out, nil
}

// counts are those of a point by row; rows that are not complete are left out.
func (c *sweepCounter) counts(p *sweepPoint, m int) (map[string]*pointCounts, error) {
	out := map[string]*pointCounts{}
	for row, asks := range p.asks {
		counts := &pointCounts{}
		whole := true
		for _, a := range asks {
			list, err := c.ofRun(a, p.metrics[m])
			if err != nil {
				return nil, err
			}
			if whole = whole && list != nil; !whole {
				continue
			}
			counts.seeds = append(counts.seeds, sum(list))
			if counts.pooled == nil {
				counts.pooled = make([]ner.Score, len(list))
			}
			for i, s := range list {
				counts.pooled[i] = counts.pooled[i].Add(s)
			}
		}
		if whole {
			out[row] = counts
		}
	}
	return out, nil
}

// ofRun are the counts of a run by passage; nil: it is not complete, which is
// noted.
func (c *sweepCounter) ofRun(a *sweepAsk, metric string) ([]ner.Score, error) {
	if a.run == "" {
		c.partial[a.name] = "not run"
		return nil, nil
	}
	info, there := c.infos[a.run]
	if !there {
		var err error
		if info, err = c.store.Find(c.ctx, a.run); err != nil {
			return nil, err
		}
		c.infos[a.run] = info
	}
	if info.Complete < info.Passages {
		c.partial[a.name] = fmt.Sprintf("partial: %d of %d passages", info.Complete, info.Passages)
		return nil, nil
	}
	ids, err := harness.MetricIDs([]string{metric}, info.Keys["queries"], asks(info.Keys))
	if err != nil {
		return nil, err
	}
	list, err := c.store.Counts(c.ctx, a.run, ids[0])
	if errors.Is(err, results.ErrNoScore) || err == nil && len(list) != info.Complete {
		if _, err = c.env.scoreRun(c.ctx, c.store, a.run, []string{metric}, false); err != nil {
			if errors.Is(err, results.ErrReadOnly) {
				c.partial[a.name] = "not scored by " + ids[0] + " (sweep run scores it)"
				return nil, nil
			}
			return nil, err
		}
		list, err = c.store.Counts(c.ctx, a.run, ids[0])
	}
	return list, err
}

// line computes one line.
func (c *sweepCounter) line(p *sweepPlan, point *sweepPoint, m int, base map[string]*pointCounts, resamples int) (sweepLine, error) {
	metric := point.metrics[m]
	l := sweepLine{
		Keys: point.Keys, Baseline: point.Baseline, Metric: metric, Rows: map[string]*float64{},
		Total: len(p.rows), Runs: []string{},
	}
	counts, err := c.counts(point, m)
	if err != nil {
		return l, err
	}
	var rows []stats.Row
	var pairs []stats.Row
	var seeds [][]ner.Score
	for _, row := range p.rows {
		for _, a := range point.asks[row.ID] {
			if a.run != "" && !slices.Contains(l.Runs, a.run) {
				l.Runs = append(l.Runs, a.run)
				if err := c.addCost(&l, a); err != nil {
					return l, err
				}
			}
		}
		of, there := counts[row.ID]
		if !there {
			l.Rows[row.ID] = nil
			continue
		}
		_, _, l.Rows[row.ID] = metricRatios(metric, sum(of.pooled))
		seed := stats.RowSeed(0, row.ID)
		rows = append(rows, stats.Row{Seed: seed, A: of.pooled})
		seeds = append(seeds, of.seeds)
		if b, there := base[row.ID]; there && !point.Baseline && len(b.pooled) == len(of.pooled) {
			pairs = append(pairs, stats.Row{Seed: seed, A: of.pooled, B: b.pooled})
		}
	}
	if l.Used = len(rows); l.Used == 0 {
		return l, c.ctx.Err()
	}
	l.Mean = meanOf(metric, rows)
	l.Deviation = deviation(metric, seeds)
	if resamples > 0 {
		i := stats.Bootstrap(rows, resamples)
		l.CI = &[2]float64{i.Low, i.High}
	}
	if len(pairs) == l.Used && l.Used > 0 && !point.Baseline {
		t := stats.Compare(pairs)
		l.Difference, l.P = &t.Difference, &t.P
		if resamples > 0 {
			i := stats.BootstrapPair(pairs, resamples).Difference
			l.DifferenceCI = &[2]float64{i.Low, i.High}
		}
	}
	return l, c.ctx.Err()
}

// addCost adds what is known of a run to a line.
func (c *sweepCounter) addCost(l *sweepLine, a *sweepAsk) error {
	run, of := a.run, c.price
	if of == (price{}) && a.plan.card != nil {
		of = price{a.plan.card.PriceIn, a.plan.card.PriceOut}
	}
	info, there := c.infos[run]
	if !there {
		return nil
	}
	took, there := c.costs[run]
	if !there {
		var err error
		if took, err = readCost(c.ctx, c.store, info, of); err != nil {
			return err
		}
		c.costs[run] = took
	}
	if l.Cost == nil {
		l.Cost = &took
	} else {
		sum := l.Cost.add(took)
		l.Cost = &sum
	}
	l.Queries += info.Queries
	for o, n := range info.Scores.Outcomes {
		if o.Failure() {
			l.Failures += n
		}
	}
	return nil
}

// meanOf is the unweighted mean of the F1 of rows (METRICS.md §10.1).
func meanOf(metric string, rows []stats.Row) *float64 {
	total := 0.0
	for _, r := range rows {
		if _, _, f1 := metricRatios(metric, sum(r.A)); f1 != nil {
			total += *f1
		}
	}
	total /= float64(len(rows))
	return &total
}

// deviation is the standard deviation, over the seeds, of the mean over the rows.
func deviation(metric string, rows [][]ner.Score) *float64 {
	n := len(rows[0])
	if n < 2 || slices.ContainsFunc(rows, func(r []ner.Score) bool { return len(r) != n }) {
		return nil
	}
	means := make([]float64, n)
	center := 0.0
	for s := range means {
		for _, r := range rows {
			if _, _, f1 := metricRatios(metric, r[s]); f1 != nil {
				means[s] += *f1 / float64(len(rows))
			}
		}
		center += means[s] / float64(n)
	}
	squares := 0.0
	for _, m := range means {
		squares += (m - center) * (m - center)
	}
	sd := math.Sqrt(squares / float64(n-1))
	return &sd
}

// adjustLines corrects the p values of the points of one metric by Holm.
func adjustLines(lines []sweepLine) {
	var p []float64
	var of []int
	for i, l := range lines {
		if l.P != nil {
			p, of = append(p, *l.P), append(of, i)
		}
	}
	for i, adjusted := range stats.Holm(p) {
		lines[of[i]].PAdjusted = &adjusted
	}
}

// grids are the tables of the result.
func (r *sweepResult) grids() []reports.Grid {
	grids := []reports.Grid{r.grid()}
	if len(r.Paraphrases) > 0 {
		grids = append(grids, paraphraseGrid(r.Title, r.Paraphrases))
	}
	for _, t := range r.Published {
		grids = append(grids, t.Grids()...)
	}
	return grids
}

// grid lays the result out for people.
func (r *sweepResult) grid() reports.Grid {
	g := reports.Grid{Title: r.Title}
	var rows []string
	seeds := false
	several := map[string]bool{}
	for _, l := range r.Lines {
		rows = sortedKeys(l.Rows)
		seeds = seeds || l.Deviation != nil
		several[metricName(l.Metric)] = true
	}
	shown := r.shownValues()
	g.Header = append(g.Header, r.Varied...)
	if len(several) > 1 {
		g.Header = append(g.Header, "metric")
	}
	g.Labels = len(g.Header)
	if len(rows) > 1 && len(rows) <= 8 {
		g.Header = append(g.Header, rows...)
	}
	f1 := "F1"
	if len(rows) > 1 {
		f1 = fmt.Sprintf("mean of %d rows", len(rows))
	}
	g.Header = append(g.Header, f1, "95 % interval")
	if seeds {
		g.Header = append(g.Header, "sd of seeds")
	}
	g.Header = append(g.Header, "difference", "95 % interval", "p (Holm)", "failures", "queries", "tokens in", "out", "tokens a point", "seconds")
	priced := slices.ContainsFunc(r.Lines, func(l sweepLine) bool { return l.Cost != nil && l.Cost.Money != nil })
	if priced {
		g.Header = append(g.Header, "money")
	}
	for i, l := range r.Lines {
		cells := slices.Clone(shown[i])
		if len(several) > 1 {
			cells = append(cells, metricName(l.Metric))
		}
		if len(rows) > 1 && len(rows) <= 8 {
			for _, row := range rows {
				cells = append(cells, percentOf(l.Rows[row]))
			}
		}
		mean := percentOf(l.Mean)
		if l.Used > 0 && l.Used < l.Total {
			mean += fmt.Sprintf(" (%d/%d)", l.Used, l.Total)
		}
		cells = append(cells, mean, spanOf(l.CI))
		if seeds {
			cells = append(cells, percentOf(l.Deviation))
		}
		difference := signed(l.Difference)
		if l.Baseline {
			difference = "baseline"
		}
		cells = append(cells, difference, spanOf(l.DifferenceCI), pText(l.PAdjusted), failuresIn(l.Failures, l.Queries), strconv.Itoa(l.Queries))
		g.Body = append(g.Body, append(cells, l.costCells(priced)...))
	}
	if seeds {
		g.Notes = append(g.Notes, "F1 is of the counts of all seeds together; sd is that of the F1 of each seed")
	}
	g.Notes = append(g.Notes, "tokens as servers report them; seconds from question to answer, added up over all queries")
	g.Notes = append(g.Notes, "F1 in %; p: paired randomisation by passage against the baseline, corrected by Holm (METRICS.md §12)")
	g.Notes = append(g.Notes, r.Notes...)
	if r.Warning != "" {
		g.Notes = append(g.Notes, r.Warning)
	}
	return g
}

// costCells are the columns of the cost. Tokens a point are those of prompts and
// answers by F1 in percent: what a point costs.
func (l *sweepLine) costCells(priced bool) []string {
	cells := []string{"–", "–", "–", "–"}
	money := "–"
	if c := l.Cost; c != nil {
		cells[3] = amount(c.Seconds)
		if c.Seconds < 100 {
			cells[3] = fmt.Sprintf("%.1f", c.Seconds)
		}
		if tokens := c.PromptTokens + c.AnswerTokens; tokens > 0 {
			cells[0], cells[1] = amount(float64(c.PromptTokens)), amount(float64(c.AnswerTokens))
			if l.Mean != nil && *l.Mean > 0 {
				cells[2] = amount(float64(tokens) / (100 * *l.Mean))
			}
		}
		if c.Money != nil {
			money = fmt.Sprintf("%.2f", *c.Money)
		}
	}
	if priced {
		cells = append(cells, money)
	}
	return cells
}

// shownValues are the values of the keys of each line. Models are shown by what
// tells them apart: their paths may have much in common.
func (r *sweepResult) shownValues() [][]string {
	var models []string
	for _, l := range r.Lines {
		models = append(models, l.Keys["model"])
	}
	short := apart(models)
	out := make([][]string, len(r.Lines))
	for i, l := range r.Lines {
		for _, k := range r.Varied {
			v := l.Keys[k]
			if k == "model" {
				v = short[i]
			}
			if v == "" {
				v = "–"
			}
			out[i] = append(out[i], v)
		}
	}
	return out
}

// apart cuts off what names have in common at both ends, at the borders of their
// parts.
func apart(names []string) []string {
	distinct := slices.Compact(slices.Sorted(slices.Values(names)))
	if len(distinct) < 2 {
		return names
	}
	split := func(s string) []string { return strings.FieldsFunc(s, func(r rune) bool { return r == '/' }) }
	head, tail := split(distinct[0]), split(distinct[0])
	for _, n := range distinct[1:] {
		parts := split(n)
		head, tail = head[:common(head, parts)], tail[len(tail)-commonEnd(tail, parts):]
	}
	out := make([]string, len(names))
	for i, n := range names {
		parts := split(n)
		if parts = parts[len(head):max(len(head), len(parts)-len(tail))]; len(parts) == 0 {
			return names
		}
		out[i] = strings.Join(parts, "/")
	}
	return out
}

func common(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonEnd(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

func spanOf(ci *[2]float64) string {
	if ci == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f to %.1f", 100*ci[0], 100*ci[1])
}

func signed(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%+.1f", 100**v)
}

func pText(p *float64) string {
	switch {
	case p == nil:
		return "–"
	case *p < 0.001:
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", *p)
}

func failuresIn(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// writeFile writes a file whole, or leaves what is there.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
