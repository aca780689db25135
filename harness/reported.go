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
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// Reported is the input of tables and of the report.
type Reported struct {
	Runs      []results.RunInfo     // in order of time
	Results   []reports.Result      // of the same runs
	Benchmark []reports.DatasetInfo // the datasets that averages are over
}

// Reported reads the runs that fit, with intervals of that many resamples
// (0: none), and the datasets of the benchmark, or of a suite of it. Where no dataset of
// the benchmark was run, but those of the embedded sample or of the user's own,
// the report is about these; else the sample is no part of it.
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
	out.Results, err = ReportResults(ctx, store, out.Runs, resamples)
	return out, err
}

// withoutSample leaves out the runs on the embedded sample.
func (b *Bench) withoutSample(runs []results.RunInfo) []results.RunInfo {
	kept := slices.DeleteFunc(slices.Clone(runs), func(r results.RunInfo) bool { return strings.HasPrefix(r.Keys["dataset"], SamplePrefix) })
	if n := len(runs) - len(kept); n > 0 {
		b.note("left out: runs on the embedded sample (%d), which is no part of the benchmark", n)
	}
	return kept
}

// withoutBeginnings leaves out runs whose passages are the beginning of those of
// a complete run of otherwise the same keys: a trial before the whole.
func (b *Bench) withoutBeginnings(runs []results.RunInfo) []results.RunInfo {
	whole := func(r results.RunInfo) string { // its keys but for the limit
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
		b.note("left out: runs (%d) whose passages longer runs of the same kind hold, too (--where limit=N shows them)", n)
	}
	return kept
}

// noteUnscored tells of runs whose answers were not counted, or not all.
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

// DatasetInfos describes datasets, with the reason for which one cannot be run here.
func (b *Bench) DatasetInfos(ctx context.Context, ds []*datasets.Dataset) []reports.DatasetInfo {
	infos := make([]reports.DatasetInfo, len(ds))
	for i, r := range ds {
		infos[i] = reports.DatasetInfo{ID: r.ID, Title: r.Title, Domain: r.Domain, Absent: b.Absence(ctx, r)}
	}
	return infos
}

// Absence says why a dataset cannot be run; empty if it can.
func (b *Bench) Absence(ctx context.Context, dataset *datasets.Dataset) string {
	err := loaders.Present(ctx, b.dataFS(), dataset, loaders.Options{Split: ner.Test})
	switch {
	case err == nil:
		return ""
	case !loaders.Supported(dataset, ""):
		return "no parser for its files yet"
	case dataset.Access == "agreement":
		return "needs an agreement"
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
		if dataset, err := b.FindDataset(id); err == nil { // else its file is not here any more
			info.Title, info.Domain = dataset.Title, dataset.Domain
		}
		infos = append(infos, info)
	}
	slices.SortFunc(infos, func(a, b reports.DatasetInfo) int { return strings.Compare(a.ID, b.ID) })
	return infos
}

// ReportResults makes the input of tables from runs, with intervals of that many
// resamples (0: none).
func ReportResults(ctx context.Context, store *results.Store, runs []results.RunInfo, resamples int) ([]reports.Result, error) {
	byParser := parsersOf(runs)
	out := make([]reports.Result, len(runs))
	for i, r := range runs {
		out[i] = reports.Result{
			ID: r.ID, Keys: maps.Clone(r.Keys), State: string(r.State), Passages: r.Passages, Complete: r.Complete, Queries: r.Queries,
			Outcomes: r.Scores.Outcomes, Counters: r.Scores.Counters,
			Scores: map[string]ner.Score{}, ByType: map[string]map[ner.EntityType]ner.Score{}, CI: map[string][2]float64{},
			Signatures: r.Signatures(),
		}
		if len(byParser) > 1 { // so that reports say it (docs/spec/metrics.md §8.4)
			out[i].Keys["reader"] = parserOf(r)
		}
		for id, m := range r.Scores.Metrics {
			out[i].Scores[id], out[i].ByType[id] = m.Total, m.ByType
			if resamples == 0 {
				continue
			}
			ci, ok, err := interval(ctx, store, r, id, resamples)
			if err != nil {
				return nil, err
			}
			if ok {
				out[i].CI[id] = ci
			}
		}
	}
	return out, nil
}

// parsersOf lists the versions by which runs were scored.
func parsersOf(runs []results.RunInfo) map[string]bool {
	parsers := map[string]bool{}
	for _, r := range runs {
		if len(r.Scores.Metrics) > 0 {
			parsers[parserOf(r)] = true
		}
	}
	return parsers
}

// parserOf names the versions of parsers and metrics of a scoring. All metrics
// of one scoring have the same.
func parserOf(r results.RunInfo) string {
	for _, m := range r.Scores.Metrics {
		return fmt.Sprintf("%s, metrics %s", m.Reader, m.Version)
	}
	return ""
}

// interval is the 95 % interval of a run's F1 (docs/spec/metrics.md §12.3); ok is false
// where there is nothing to resample.
func interval(ctx context.Context, store *results.Store, r results.RunInfo, metric string, resamples int) (ci [2]float64, ok bool, err error) {
	if ctx.Err() != nil {
		return ci, false, ctx.Err()
	}
	counts, err := store.Counts(ctx, r.ID, metric)
	if err != nil || len(counts) < 2 {
		return ci, false, err
	}
	i := stats.Bootstrap([]stats.Dataset{{Seed: stats.DatasetSeed(0, r.Keys["dataset"]), A: counts}}, resamples)
	return [2]float64{i.Low, i.High}, true, nil
}

// Ratios divides counts as the metric's definition says.
func Ratios(id string, s ner.Score) (p, r, f1 *float64) {
	m, _, err := metrics.ParseID(id)
	if err != nil { // of a newer nerbench, or none
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
