package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// Reported is the input of tables and of the report.
type Reported struct {
	Runs      []results.RunInfo     // oldest first
	Results   []reports.Result      // of the same runs
	Benchmark []reports.DatasetInfo // datasets of the averages
}

// Reported reads the runs that match the conditions, and the datasets of the
// benchmark or of a suite. The intervals have that many resamples (0: no intervals).
// If no dataset of the benchmark was run, the report is about the datasets of the
// runs: the embedded sample, or the user's own. Otherwise it omits the sample.
func (b *Bench) Reported(ctx context.Context, store *results.Store, where map[string][]string, suite string, resamples int) (Reported, error) {
	var out Reported
	runs, err := SelectRuns(ctx, store, where)
	if err != nil {
		return out, err
	}
	ds, err := b.SelectDatasets(nil, suite, "")
	if err != nil {
		return out, err
	}
	embedded, err := datasets.Embedded()
	if err != nil {
		return out, err
	}
	has := func(ds []*datasets.Dataset, r results.RunInfo) bool {
		return slices.ContainsFunc(ds, func(dataset *datasets.Dataset) bool { return dataset.ID == r.Keys["dataset"] })
	}
	if suite != "" {
		runs = slices.DeleteFunc(runs, func(r results.RunInfo) bool { return !has(ds, r) })
	}
	if _, asked := where["limit"]; !asked {
		runs = b.withoutBeginnings(runs)
	}
	if len(runs) == 0 || slices.ContainsFunc(runs, func(r results.RunInfo) bool { return has(embedded, r) }) {
		out.Runs, out.Benchmark = b.withoutSample(runs), b.DatasetInfos(ctx, ds)
	} else {
		out.Runs, out.Benchmark = runs, b.ranInfos(runs)
	}
	b.noteUnscored(out.Runs)
	out.Results = reportResults(out.Runs)
	if resamples > 0 {
		err = (&statistics{bench: b, store: store}).setIntervals(ctx, out.Runs, out.Results, resamples)
	}
	return out, err
}

// withoutSample omits the runs on the embedded sample.
func (b *Bench) withoutSample(runs []results.RunInfo) []results.RunInfo {
	kept := slices.DeleteFunc(slices.Clone(runs), func(r results.RunInfo) bool { return strings.HasPrefix(r.Keys["dataset"], SamplePrefix) })
	if n := len(runs) - len(kept); n > 0 {
		b.note("%s on the embedded sample omitted: the sample is not part of the benchmark", ner.Count(n, "run"))
	}
	return kept
}

// withoutBeginnings omits runs with --limit if a longer complete run has the same
// other keys.
func (b *Bench) withoutBeginnings(runs []results.RunInfo) []results.RunInfo {
	whole := func(r results.RunInfo) string { // identifies the keys without the limit
		keys := maps.Clone(r.Keys)
		delete(keys, "limit")
		return ner.Run{Keys: keys}.ID()
	}
	longest := map[string]int{}
	for _, r := range runs {
		if r.State == results.Complete {
			longest[whole(r)] = max(longest[whole(r)], r.Passages)
		}
	}
	kept := slices.DeleteFunc(slices.Clone(runs), func(r results.RunInfo) bool { return r.Passages < longest[whole(r)] })
	if n := len(runs) - len(kept); n > 0 {
		b.note("partial runs omitted: %d, as a longer run with the same settings exists (--where limit=N shows them)", n)
	}
	return kept
}

// noteUnscored notes the runs with answers that are not scored.
func (b *Bench) noteUnscored(runs []results.RunInfo) {
	never, since := 0, 0
	for _, r := range runs {
		switch {
		case r.Complete == 0:
		case len(r.Scores.Metrics) == 0:
			never++
		case r.Scores.Passages < r.Complete:
			since++
		}
	}
	if never > 0 {
		b.note("not scored: %d of %d runs (nerbench score --all)", never, len(runs))
	}
	if since > 0 {
		b.note("scored before their last answers: %d of %d runs (nerbench score --all)", since, len(runs))
	}
}

// DatasetInfos describes datasets for reports, with the reasons of [Bench.Absence].
func (b *Bench) DatasetInfos(ctx context.Context, ds []*datasets.Dataset) []reports.DatasetInfo {
	infos := make([]reports.DatasetInfo, len(ds))
	for i, r := range ds {
		infos[i] = reports.DatasetInfo{ID: r.ID, Title: r.Title, Domain: r.Domain, Absent: b.Absence(ctx, r)}
	}
	return infos
}

// Absence returns the reason for which a dataset cannot be run; empty if it can.
func (b *Bench) Absence(ctx context.Context, dataset *datasets.Dataset) string {
	err := loaders.Present(ctx, b.dataFS(), dataset, loaders.Options{Split: ner.Test})
	switch {
	case err == nil:
		return ""
	case !loaders.Supported(dataset, ""):
		return "no parser for its files yet"
	case dataset.Access == "agreement":
		return "needs an access agreement"
	case dataset.Access == "paid":
		return "needs a paid licence"
	case errors.Is(err, fs.ErrNotExist):
		return "data missing"
	}
	return "no test split"
}

// ranInfos describes the datasets that were run, by id.
func (b *Bench) ranInfos(runs []results.RunInfo) []reports.DatasetInfo {
	var infos []reports.DatasetInfo
	for _, r := range runs {
		id := r.Keys["dataset"]
		if slices.ContainsFunc(infos, func(i reports.DatasetInfo) bool { return i.ID == id }) {
			continue
		}
		info := reports.DatasetInfo{ID: id}
		if dataset, err := b.FindDataset(id); err == nil { // else its file is gone
			info.Title, info.Domain = dataset.Title, dataset.Domain
		}
		infos = append(infos, info)
	}
	slices.SortFunc(infos, func(a, b reports.DatasetInfo) int { return strings.Compare(a.ID, b.ID) })
	return infos
}

// Results reads the runs that match the conditions, as the input of tables without
// intervals.
func Results(ctx context.Context, store *results.Store, where map[string][]string) ([]reports.Result, error) {
	runs, err := SelectRuns(ctx, store, where)
	if err != nil {
		return nil, err
	}
	return reportResults(runs), nil
}

// reportResults returns the input of tables from runs, without intervals.
func reportResults(runs []results.RunInfo) []reports.Result {
	byParser, coverages := parsersOf(runs), Coverages(runs)
	out := make([]reports.Result, len(runs))
	for i, r := range runs {
		out[i] = reports.Result{
			ID: r.ID, Keys: r.Shown(), State: string(r.State), Passages: r.Passages, Complete: r.Complete, Queries: r.Queries,
			Unscored: unscored(r), SplitPassages: coverages[r.ID].Split, Seen: Seen(r),
			Outcomes: r.Scores.Outcomes, Counters: r.Scores.Counters,
			Scores: map[string]ner.Score{}, ByType: map[string]map[ner.EntityType]ner.Score{}, CI: map[string][2]float64{},
			Signatures: r.Signatures(),
		}
		if len(byParser) > 1 { // reports must show it (docs/spec/metrics.md §8.4)
			out[i].Keys["reader"] = parserOf(r)
		}
		for id, m := range r.Scores.Metrics {
			out[i].Scores[id], out[i].ByType[id] = m.Total, m.ByType
		}
	}
	return out
}

// parsersOf returns the set of versions by which runs were scored.
func parsersOf(runs []results.RunInfo) map[string]bool {
	parsers := map[string]bool{}
	for _, r := range runs {
		if len(r.Scores.Metrics) > 0 {
			parsers[parserOf(r)] = true
		}
	}
	return parsers
}

// parserOf names the versions of parsers and metrics by which a run was scored.
// They are the same for all its metrics.
func parserOf(r results.RunInfo) string {
	for _, m := range r.Scores.Metrics {
		return fmt.Sprintf("%s, metrics %s", m.Reader, m.Version)
	}
	return ""
}

// setIntervals adds the 95 % intervals of all scores (docs/spec/metrics.md §12.3).
func (st *statistics) setIntervals(ctx context.Context, runs []results.RunInfo, into []reports.Result, resamples int) error {
	type place struct {
		result int
		metric string
	}
	var systems []system
	var places []place
	for i, r := range runs {
		for _, id := range slices.Sorted(maps.Keys(r.Scores.Metrics)) {
			systems, places = append(systems, system{{r, id}}), append(places, place{i, id})
		}
	}
	intervals, err := st.intervals(ctx, systems, resamples)
	if err != nil {
		return err
	}
	for i, at := range places {
		if intervals[i] != nil {
			into[at.result].CI[at.metric] = *intervals[i]
		}
	}
	return nil
}

// meanIntervals adds the 95 % intervals of the means over datasets of a table, each of
// one run: of all datasets, and of those of a domain. Means of domain means and pooled
// counts have none.
func (st *statistics) meanIntervals(ctx context.Context, t *reports.Table, runs []results.RunInfo, resamples int) error {
	byID := map[string]results.RunInfo{}
	for _, r := range runs {
		byID[r.ID] = r
	}
	var systems []system
	var cells []*reports.Cell
	for i := range t.Cells {
		c := &t.Cells[i]
		if !c.Mean() || c.Value == nil || len(c.Runs) != c.Used || isOther(c.Row) || isOther(c.Col) {
			continue
		}
		if s, ok := meanOf(c, byID); ok {
			systems, cells = append(systems, s), append(cells, c)
		}
	}
	intervals, err := st.intervals(ctx, systems, resamples)
	if err != nil {
		return err
	}
	for i, c := range cells {
		if in := intervals[i]; in != nil {
			t.SetInterval(c.Metric, c.Row, c.Col, in[0], in[1])
		}
	}
	return nil
}

// isOther reports whether a line is an average that is no mean over datasets.
func isOther(line string) bool { return line == reports.MeanDomains || line == reports.PooledMicro }

// meanOf returns the scores of the runs in a mean.
func meanOf(c *reports.Cell, runs map[string]results.RunInfo) (s system, ok bool) {
	for _, id := range c.Runs {
		r := runs[id]
		metric, ok := fullMetric(r, c.Metric)
		if !ok {
			return nil, false
		}
		s = append(s, scored{r, metric})
	}
	return s, len(s) > 0
}

// fullMetric returns the id, with its options, of the score of a run by a metric.
func fullMetric(r results.RunInfo, metric string) (id string, ok bool) {
	if _, there := r.Scores.Metrics[metric]; there {
		return metric, true
	}
	for _, id := range slices.Sorted(maps.Keys(r.Scores.Metrics)) {
		if MetricName(id) == MetricName(metric) {
			return id, true
		}
	}
	return "", false
}

// Ratios returns precision, recall and F1 by the definition of a metric. A ratio
// that is not defined is nil.
func Ratios(id string, s ner.Score) (p, r, f1 *float64) {
	m, _, err := metrics.ParseID(id)
	if err != nil { // for example a metric of a newer nerbench
		return reports.FromCounts(id, s)
	}
	ratios := m.Ratios(s)
	return ratios.Precision.Pointer(), ratios.Recall.Pointer(), ratios.F1.Pointer()
}

// Doubled reports whether the counts of a metric are twice the real ones.
func Doubled(id string) bool {
	m, _, err := metrics.ParseID(id)
	return err == nil && m.Doubled
}
