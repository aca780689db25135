package harness

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// SystemAverages holds the averages (docs/spec/metrics.md §10) of a system that was
// scored on more than one dataset.
type SystemAverages struct {
	System  string           `json:"system"`
	Metrics []MetricAverages `json:"metrics"`
	// NotRun lists the datasets of the benchmark without a run, by reason.
	NotRun map[string][]string `json:"not_run"`
	// Notes name the runs on a part of a split that are in the averages, and the runs
	// that are left out (docs/spec/metrics.md §10.2).
	Notes []string `json:"notes"`
}

// MetricAverages holds the averages of one metric.
type MetricAverages struct {
	Metric      string                    `json:"metric"`
	MeanRows    AverageFigures            `json:"mean_rows"`
	MeanDomains AverageFigures            `json:"mean_domains"`
	PooledMicro AverageFigures            `json:"pooled_micro"`
	DomainMean  map[string]AverageFigures `json:"domain_mean"`
}

// AverageFigures is an average over Used of Total datasets, or domains.
type AverageFigures struct {
	Value *float64 `json:"value"`
	Used  int      `json:"used"`
	Total int      `json:"total"`
}

func newAverage(a metrics.Average) AverageFigures {
	return AverageFigures{a.Ratio.Pointer(), a.Used, a.Total}
}

// averages computes the averages of each system that was scored on several datasets.
func (b *Bench) averages(ctx context.Context, runs []RescoredRun) ([]SystemAverages, error) {
	bySystem := map[string][]RescoredRun{}
	for _, r := range runs {
		bySystem[systemOf(r.after)] = append(bySystem[systemOf(r.after)], r)
	}
	ds, err := b.usableDatasets()
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(bySystem, func(_ string, of []RescoredRun) bool { return !severalDatasets(ds, of) })
	list := []SystemAverages{}
	for _, system := range slices.Sorted(maps.Keys(bySystem)) {
		kept, notes := poolable(bySystem[system])
		s := SystemAverages{System: system, NotRun: b.absentDatasets(ctx, ds, bySystem[system]), Notes: notes}
		for _, id := range metricsOf(kept) {
			s.Metrics = append(s.Metrics, averagesOf(ds, kept, id))
		}
		list = append(list, s)
	}
	return list, nil
}

// poolable returns the runs of a system that its averages may pool. The notes name
// those that have a part of their split, and those that are left out.
func poolable(runs []RescoredRun) (kept []RescoredRun, notes []string) {
	infos, byID := make([]results.RunInfo, len(runs)), map[string]RescoredRun{}
	for i, r := range runs {
		infos[i], byID[r.ID] = r.after, r
	}
	coverages, notes := Coverages(infos), []string{}
	list := make([]reports.Result, len(runs))
	for i, r := range infos {
		c := coverages[r.ID]
		list[i] = reports.Result{ID: r.ID, Keys: r.Keys, Passages: r.Passages, Complete: r.Complete, Unscored: unscored(r), SplitPassages: c.Split}
	}
	in, out := reports.Poolable(list)
	for _, r := range in {
		if note := coverages[r.ID].Note(); note != "" && !r.Incomplete() {
			notes = append(notes, r.Keys["dataset"]+": "+note)
		}
		if r.Incomplete() {
			out = append(out, r)
		}
		kept = append(kept, byID[r.ID])
	}
	for _, r := range out {
		notes = append(notes, fmt.Sprintf("left out: %s (%s)", r.Keys["dataset"], coverages[r.ID].Note()))
	}
	return kept, notes
}

// severalDatasets reports whether runs are on more than one dataset of the benchmark.
func severalDatasets(ds []*datasets.Dataset, runs []RescoredRun) bool {
	ran := map[string]bool{}
	for _, r := range runs {
		if slices.ContainsFunc(ds, func(dataset *datasets.Dataset) bool { return dataset.ID == r.Dataset }) {
			ran[r.Dataset] = true
		}
	}
	return len(ran) > 1
}

// systemOf returns a name for a model and its settings. Keys that differ between
// datasets are left out.
func systemOf(run results.RunInfo) string {
	keys := maps.Clone(run.Keys)
	for _, k := range ner.Keys {
		if k.Pooled {
			delete(keys, k.Name)
		}
	}
	if run.Keys["training"] != "" {
		delete(keys, "digest") // the model is trained on each dataset
	}
	parts := []string{keys["model"]}
	for _, k := range ner.KeyNames(func(k ner.Key) bool { return k.Named }) {
		if v := keys[k]; v != "" {
			parts = append(parts, k+"="+v)
		}
	}
	id := ner.Run{Keys: keys}.ID()
	return strings.Join(parts, " ") + " #" + id[:4]
}

func metricsOf(runs []RescoredRun) []string {
	ids := map[string]bool{}
	for _, r := range runs {
		for id := range r.Scores {
			ids[id] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

func averagesOf(ds []*datasets.Dataset, runs []RescoredRun, id string) MetricAverages {
	var tallies []metrics.DatasetTally
	for _, dataset := range ds {
		t := metrics.DatasetTally{Dataset: dataset.ID, Domain: dataset.Domain}
		i := slices.IndexFunc(runs, func(r RescoredRun) bool { return r.Dataset == dataset.ID && r.Complete == r.Passages })
		if i >= 0 {
			kept, there := runs[i].after.Scores.Metrics[id]
			t.Scored, t.ByType = there, metrics.Tally(kept.ByType)
		}
		tallies = append(tallies, t)
	}
	_, pooled := metrics.PooledMicro(tallies)
	out := MetricAverages{
		Metric: id, MeanRows: newAverage(metrics.MeanRows(tallies)), MeanDomains: newAverage(metrics.MeanDomains(tallies)),
		PooledMicro: newAverage(pooled), DomainMean: map[string]AverageFigures{},
	}
	for _, d := range metrics.DomainMeans(tallies) {
		out.DomainMean[d.Domain] = newAverage(d.Average)
	}
	return out
}

// absentDatasets lists the datasets of the benchmark without a run, by reason.
func (b *Bench) absentDatasets(ctx context.Context, ds []*datasets.Dataset, runs []RescoredRun) map[string][]string {
	reasons := map[string][]string{}
	for _, info := range b.DatasetInfos(ctx, ds) {
		if slices.ContainsFunc(runs, func(r RescoredRun) bool { return r.Dataset == info.ID }) {
			continue
		}
		reason := info.Absent
		if reason == "" {
			reason = "not asked"
		}
		reasons[reason] = append(reasons[reason], info.ID)
	}
	return reasons
}
