package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"nerbench/datasets"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// rowKeys are the keys that differ between the datasets of one system.
var datasetKeys = []string{"dataset", "data", "labels", "gold", "training", "limit", "cap", "sample_seed", "shard"}

// systemAverages are the averages of docs/spec/metrics.md §10 by their names, of a system
// that was scored on more than one dataset.
type systemAverages struct {
	System  string           `json:"system"`
	Metrics []metricAverages `json:"metrics"`
	// NotRun lists the datasets of the benchmark without a run, by reason.
	NotRun map[string][]string `json:"not_run"`
}

type metricAverages struct {
	Metric      string                 `json:"metric"`
	MeanRows    averageJSON            `json:"mean_rows"`
	MeanDomains averageJSON            `json:"mean_domains"`
	PooledMicro averageJSON            `json:"pooled_micro"`
	DomainMean  map[string]averageJSON `json:"domain_mean"`
}

// averageJSON is an average over Used of Total datasets, or domains.
type averageJSON struct {
	Value *float64 `json:"value"`
	Used  int      `json:"used"`
	Total int      `json:"total"`
}

func newAverageJSON(a metrics.Average) averageJSON {
	return averageJSON{orNull(a.Ratio), a.Used, a.Total}
}

// averages averages what was scored.
func (env *environment) averages(ctx context.Context, runs []rescored) ([]systemAverages, error) {
	bySystem := map[string][]rescored{}
	for _, r := range runs {
		bySystem[systemOf(r.after)] = append(bySystem[systemOf(r.after)], r)
	}
	ds, err := env.allDatasets()
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(bySystem, func(_ string, of []rescored) bool { return !severalDatasets(ds, of) })
	list := []systemAverages{}
	for _, system := range sortedKeys(bySystem) {
		s := systemAverages{System: system, NotRun: env.absentDatasets(ctx, ds, bySystem[system])}
		for _, id := range metricsOf(bySystem[system]) {
			s.Metrics = append(s.Metrics, averagesOf(ds, bySystem[system], id))
		}
		list = append(list, s)
	}
	return list, nil
}

func (env *environment) printAverages(list []systemAverages) error {
	tw := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for _, s := range list {
		fmt.Fprintf(tw, "\naverages of %s\n", printable(s.System))
		for _, m := range s.Metrics {
			fmt.Fprintf(tw, "  %s\tmean_rows %s\tmean_domains %s\tpooled_micro %s\n", m.Metric, m.MeanRows, m.MeanDomains, m.PooledMicro)
		}
		var absent []string
		for _, reason := range sortedKeys(s.NotRun) {
			absent = append(absent, fmt.Sprintf("%d datasets (%s)", len(s.NotRun[reason]), reason))
		}
		if len(absent) > 0 {
			fmt.Fprintf(tw, "  not run: %s\n", strings.Join(absent, ", "))
		}
	}
	return tw.Flush()
}

// String is the average in percent, with what it is over.
func (a averageJSON) String() string {
	return fmt.Sprintf("%s (%d/%d)", reports.Percent(a.Value), a.Used, a.Total)
}

// severalRows reports whether runs are on more than one dataset of the benchmark.
func severalDatasets(ds []*datasets.Dataset, runs []rescored) bool {
	ran := map[string]bool{}
	for _, r := range runs {
		if slices.ContainsFunc(ds, func(dataset *datasets.Dataset) bool { return dataset.ID == r.Dataset }) {
			ran[r.Dataset] = true
		}
	}
	return len(ran) > 1
}

// systemOf names a model with the way it was asked, apart from what belongs to a
// dataset.
func systemOf(run results.RunInfo) string {
	keys := maps.Clone(run.Keys)
	for _, k := range datasetKeys {
		delete(keys, k)
	}
	if run.Keys["training"] != "" {
		delete(keys, "digest") // it learns on each dataset anew
	}
	parts := []string{keys["model"]}
	for _, k := range []string{"split", "family", "variant", "layout", "queries", "shots", "temperature"} {
		if v := keys[k]; v != "" {
			parts = append(parts, k+"="+v)
		}
	}
	id := ner.Run{Keys: keys}.ID()
	return strings.Join(parts, " ") + " #" + id[:4]
}

func metricsOf(runs []rescored) []string {
	ids := map[string]bool{}
	for _, r := range runs {
		for id := range r.Scores {
			ids[id] = true
		}
	}
	return sortedKeys(ids)
}

func averagesOf(ds []*datasets.Dataset, runs []rescored, id string) metricAverages {
	var tallies []metrics.DatasetTally
	for _, dataset := range ds {
		t := metrics.DatasetTally{Dataset: dataset.ID, Domain: dataset.Domain}
		i := slices.IndexFunc(runs, func(r rescored) bool { return r.Dataset == dataset.ID && r.Complete == r.Passages })
		if i >= 0 {
			kept, there := runs[i].after.Scores.Metrics[id]
			t.Scored, t.ByType = there, metrics.Tally(kept.ByType)
		}
		tallies = append(tallies, t)
	}
	_, pooled := metrics.PooledMicro(tallies)
	out := metricAverages{
		Metric: id, MeanRows: newAverageJSON(metrics.MeanRows(tallies)), MeanDomains: newAverageJSON(metrics.MeanDomains(tallies)),
		PooledMicro: newAverageJSON(pooled), DomainMean: map[string]averageJSON{},
	}
	for _, d := range metrics.DomainMeans(tallies) {
		out.DomainMean[d.Domain] = newAverageJSON(d.Average)
	}
	return out
}

// absentRows lists the datasets of the benchmark without a run, by reason.
func (env *environment) absentDatasets(ctx context.Context, ds []*datasets.Dataset, runs []rescored) map[string][]string {
	reasons := map[string][]string{}
	for _, info := range env.datasetInfos(ctx, ds) {
		if slices.ContainsFunc(runs, func(r rescored) bool { return r.Dataset == info.ID }) {
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
